"""The environments that versions are built for: one folder in execution/runners each, with a manifest.toml.

Adding a language is adding a folder. A manifest names where its toolchain may be, in order of preference:
`/absolute/path`, `path:program` (on PATH), `base-interpreter` (the Python behind this virtual environment) or
`package:name/inner/path` (a program inside an installed Python package).
"""

import importlib.util
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import msgspec

from execution.errors import InvalidSetting

RUNNERS_FOLDER = Path(__file__).parent / "runners"
ELF_MAGIC = b"\x7fELF"


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One manifest.toml."""

    id: str
    display_name: str
    language: str
    toolchains: tuple[str, ...]
    """Where the toolchain may be, best first."""
    minimum_version: str
    command: tuple[str, ...]
    """The runner's command line inside the sandbox; `{toolchain}` and `{runner}` (its folder) are filled in."""
    default_entry: str
    """The file that holds `apply`; `{name}` is the algorithm's name."""
    dependency_file: str
    packages_folder: str
    """Where a build installs dependencies, relative to the version's folder."""
    debian_packages: tuple[str, ...] = ()
    variables: dict[str, str] = {}
    """Environment variables of every slot; `{runner}` and `{version}` are those folders."""
    links: dict[str, str] = {}
    """Symbolic links inside the sandbox: path to target."""
    warm_slots: int = 0
    """How many slots to keep booted, unless the operator says otherwise."""


@dataclass(frozen=True)
class Toolchain:
    """A language's interpreter on this machine."""

    executable: Path
    prefix: Path | None
    """The folder to show inside the sandbox, or None when it lies within /usr, which is always there."""
    version: str


@dataclass(frozen=True)
class Environment:
    """A language and toolchain that versions are built for and run in."""

    manifest: Manifest
    folder: Path

    @property
    def id(self) -> str:
        return self.manifest.id

    @property
    def display_name(self) -> str:
        return self.manifest.display_name

    @property
    def language(self) -> str:
        return self.manifest.language

    @property
    def available(self) -> bool:
        """Whether this machine has the toolchain."""
        return self.find_toolchain() is not None

    def find_toolchain(self) -> Toolchain | None:
        """The best toolchain on this machine; None if there is none that is new enough."""
        return _find_toolchain(self.manifest.toolchains, self.manifest.minimum_version)

    def default_entry(self, name: str) -> str:
        """The entry of an algorithm that names none, relative to its folder."""
        return self.manifest.default_entry.replace("{name}", name)

    def template_files(self, name: str) -> dict[str, str]:
        """A first version of an algorithm called `name`: text by relative path."""
        root = self.folder / "template"
        files = sorted(path for path in root.rglob("*") if path.is_file())
        return {
            path.relative_to(root).as_posix().replace("{name}", name): path.read_text("utf-8").replace("{name}", name)
            for path in files
        }


@cache
def load_environments() -> tuple[Environment, ...]:
    """All environments in execution/runners, by id. Raises InvalidSetting for a broken manifest."""
    return tuple(sorted((_load(path) for path in RUNNERS_FOLDER.glob("*/manifest.toml")), key=lambda found: found.id))


def find_environment(environment_id: str) -> Environment | None:
    """The environment called `environment_id`, or None."""
    return next((found for found in load_environments() if found.id == environment_id), None)


def _load(path: Path) -> Environment:
    try:
        manifest = msgspec.convert(tomllib.loads(path.read_text("utf-8")), Manifest)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise InvalidSetting(f"{path.parent.name}/manifest.toml cannot be read: {error}.") from error
    return Environment(manifest, path.parent)


@cache
def _find_toolchain(candidates: tuple[str, ...], minimum: str) -> Toolchain | None:
    for candidate in candidates:
        for executable, prefix in _places(candidate):
            version = _version_of(executable)
            if version is not None and _as_numbers(version) >= _as_numbers(minimum):
                return Toolchain(executable, prefix, version)
    return None


def _places(candidate: str) -> Iterator[tuple[Path, Path | None]]:
    """Programs that a manifest's candidate may mean, each with the folder the sandbox must show for it."""
    kind, _, rest = candidate.partition(":")
    if kind == "base-interpreter":
        executable = Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
        yield executable, _prefix(executable)
    elif kind == "path":
        for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
            yield (executable := (Path(folder) / rest).resolve()), _prefix(executable)
    elif kind == "package":
        package, _, inner = rest.partition("/")
        found = importlib.util.find_spec(package)
        for location in (found.submodule_search_locations or []) if found else []:
            yield Path(location) / inner, Path(location)
    else:
        yield Path(candidate), _prefix(Path(candidate))


def _prefix(executable: Path) -> Path | None:
    return None if executable.is_relative_to("/usr") else executable.parent.parent


def _version_of(executable: Path) -> str | None:
    """What `--version` says; None for what is not a real program (`node` on PATH may be a wrapper script)."""
    try:
        with executable.open("rb") as file:
            if file.read(4) != ELF_MAGIC:
                return None
        text = subprocess.run([executable, "--version"], capture_output=True, text=True, timeout=10, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r"\d+(\.\d+)+", text)
    return found.group() if found else None


def _as_numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
