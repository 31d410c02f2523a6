"""The environments that versions are built for: one folder in execution/runners each, with a manifest.toml.

Adding a language is adding a folder (docs/how_to/add_a_language.md). A manifest names where its toolchain may be, in
order of preference: `/absolute/path`, `path:program` (on PATH), `glob:~/pattern`, `base-interpreter` (the Python behind
this virtual environment) or `package:name/inner/path` (a program inside an installed Python package).
"""

import importlib.util
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from glob import glob
from pathlib import Path
from typing import Literal

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
    packages_folder: str
    """Where a build puts what it makes, relative to the version's folder: dependencies, or the compiled program."""
    dependency_file: str = ""
    """The language's own file that names dependencies, if it has one."""
    debian_packages: tuple[str, ...] = ()
    """What to install on Debian for building and for running."""
    requires: tuple[str, ...] = ()
    """Patterns of files that must be there beside the toolchain, such as a library for JSON."""
    version_command: tuple[str, ...] = ("{toolchain}", "--version")
    """Prints the toolchain's version, which is the first number with a dot in it."""
    runner: str = ""
    """The folder in execution/runners that has the runner, when it is another language's."""
    prepare: tuple[tuple[str, ...], ...] = ()
    """Commands that compile the runner, run once, in a copy of its folder; `{folder}` is the manifest's own."""
    builder: str = "scripts"
    """The module in execution/builds that builds versions."""
    suffixes: tuple[str, ...] = ()
    """Of the author's files in this language."""
    syntax_check: tuple[str, ...] = ()
    """For the builder `scripts`: succeeds for a `{file}` that can be parsed, else says why not."""
    compile: tuple[str, ...] = ()
    """For builders that compile: the compiler's command line. The builder says which placeholders it fills."""
    main: str = ""
    """For the builder `native`: the file that starts the program. `{module}` is what the entry file is called."""
    load_pattern: str = ""
    """For the builder `native`: finds a definition of load; then `main` is the file called so with `_with_load`."""
    runs_alone: bool = False
    """Whether what a build makes runs without the toolchain."""
    system_files: tuple[str, ...] = ()
    """Files and folders outside /usr that a slot must see, such as the toolchain's settings."""
    big_integers: Literal["exact", "64-bit", "double"] = "exact"
    """Which whole numbers pass through unchanged: all, those of 64 bits, or those up to 2^53."""
    streams: str = ""
    """What apply returns, or calls, to send its result in chunks; empty where the language has nothing for that."""
    variables: dict[str, str] = {}
    """Environment variables of every slot; `{runner}` and `{version}` are those folders."""
    links: dict[str, str] = {}
    """Symbolic links inside the sandbox: path to target."""
    status: Literal["beta", "stable", "deprecated", "retired"] = "stable"
    """How it stands, unless the operator says otherwise."""
    gpu_class: str = ""
    """The kind of accelerator that its slots get; empty for none."""
    warm_slots: int = 0
    """How many slots to keep booted, unless the operator says otherwise."""


@dataclass(frozen=True)
class Toolchain:
    """A language's interpreter on this machine."""

    executable: Path
    prefix: Path | None
    """The folder to show inside the sandbox, or None when it lies within /usr, which is always there."""
    version: str


@dataclass(frozen=True, eq=False)
class Environment:
    """A language and toolchain that versions are built for and run in. There is one object of each."""

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
    def runner_folder(self) -> Path:
        """The runner's source. What slots see is what `prepare_runner` makes of it."""
        return RUNNERS_FOLDER / self.manifest.runner if self.manifest.runner else self.folder

    @property
    def available(self) -> bool:
        """Whether this machine has the toolchain, as far as its files say; nothing is started to find out."""
        return _is_installed(self.manifest.toolchains, self.manifest.requires)

    def find_toolchain(self) -> Toolchain | None:
        """The best toolchain on this machine; None if there is none that is new enough."""
        if not self.available:
            return None
        manifest = self.manifest
        return _find_toolchain(manifest.toolchains, manifest.minimum_version, manifest.version_command)

    def find_runtime(self) -> Toolchain | None:
        """The toolchain as a slot needs it: with no folder to show when versions run without it."""
        found = self.find_toolchain()
        return replace(found, prefix=None) if found and self.manifest.runs_alone else found

    def default_entry(self, name: str) -> str:
        """The entry of an algorithm that names none, relative to its folder."""
        return self.manifest.default_entry.replace("{name}", name)

    def template_files(self, name: str) -> dict[str, str]:
        """A first version of an algorithm called `name`: text by relative path."""

        def fill(text: str) -> str:
            return text.replace("{name}", name).replace("{environment}", self.id)

        return {
            fill(path.relative_to(root).as_posix()): fill(path.read_text("utf-8"))
            for root in (RUNNERS_FOLDER / "template", self.folder / "template")
            for path in sorted(root.rglob("*"))
            if path.is_file()
        }


@cache
def load_environments() -> tuple[Environment, ...]:
    """All environments in execution/runners, by id. Raises InvalidSetting for a broken manifest."""
    return tuple(sorted((_load(path) for path in RUNNERS_FOLDER.glob("*/manifest.toml")), key=lambda found: found.id))


def list_available() -> tuple[Environment, ...]:
    """The environments that this machine has the toolchain of, by id."""
    return tuple(found for found in load_environments() if found.available)


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
def _is_installed(candidates: tuple[str, ...], requires: tuple[str, ...]) -> bool:
    programs = (executable for candidate in candidates for executable, _ in _places(candidate))
    return any(program.is_file() for program in programs) and all(_matches(pattern) for pattern in requires)


@cache
def _find_toolchain(candidates: tuple[str, ...], minimum: str, command: tuple[str, ...]) -> Toolchain | None:
    for candidate in candidates:
        for executable, prefix in _places(candidate):
            version = _version_of(executable, command)
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
        for executable in _on_path(rest):
            yield executable, _prefix(executable)
    elif kind == "glob":
        for executable in _matches(rest):
            yield executable, _prefix(executable)
    elif kind == "package":
        package, _, inner = rest.partition("/")
        found = importlib.util.find_spec(package)
        for location in (found.submodule_search_locations or []) if found else []:
            yield Path(location) / inner, Path(location)
    else:
        yield Path(candidate), _prefix(Path(candidate))


def _matches(pattern: str) -> list[Path]:
    """What there is, last names first; `~` is this user's home."""
    return [Path(name) for name in sorted(glob(str(Path(pattern).expanduser())), reverse=True)]  # noqa: PTH207 - absolute


def _on_path(program: str) -> Iterator[Path]:
    """Real programs only: `node` on PATH may be a script that starts another one, outside what a sandbox shows."""
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        executable = (Path(folder) / program).resolve()
        with suppress(OSError), executable.open("rb") as file:
            if file.read(4) == ELF_MAGIC:
                yield executable


def _prefix(executable: Path) -> Path | None:
    return None if executable.is_relative_to("/usr") else executable.parent.parent


def _version_of(executable: Path, command: tuple[str, ...]) -> str | None:
    """What the version command says, on either stream; None when it fails."""
    argv = [part.replace("{toolchain}", os.fspath(executable)) for part in command]
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=True, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r"\d+(\.\d+)+", done.stdout + done.stderr)
    return found.group() if found else None


def _as_numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
