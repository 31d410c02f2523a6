"""Rust: crates of Cargo's registry, and one program of the author's crate and ours. A crate that is a program itself
(src/main.rs, with the ADK of Algorithmia) runs behind the bridge.

Downloading runs nothing; build scripts and macros run with the compiler, in isolation.
"""

import hashlib
import re
import shutil
import tomllib
from pathlib import Path, PurePosixPath
from typing import Any

from execution.builds.base import BuildJob
from execution.builds.bridged import BRIDGED_PROGRAM, add_bridge
from execution.builds.kept_folders import keep_folder
from execution.builds.native import PROGRAM, check_program, has_load
from execution.builds.packages import read_cargo
from execution.errors import BuildFailed

LINKING = "-C link-arg=-Wl,--compress-debug-sections=zlib"
"""What stack traces need makes a program three times as large, and its first call later."""
GROUPS = ("dependencies", "dev-dependencies", "build-dependencies", "patch", "replace", "workspace", "target")


def check(job: BuildJob) -> None:
    """Refuses a Cargo.toml that cannot be read, or that takes crates from beyond the registry and the source."""
    manifest = _read_manifest(job)
    for group in GROUPS:
        _check_places(manifest.get(group, {}))
    if not isinstance(manifest.get("package", {}).get("name"), str):
        raise BuildFailed("Cargo.toml must have a package with a name.")


def install(job: BuildJob) -> None:
    """Puts the program into the packages folder."""
    if PurePosixPath(job.entry).name == "main.rs":
        _install_program(job)
        return
    start = _find_compiled_crates(job)
    folder = job.scratch / "program"
    shutil.copytree(start, folder)  # with the crates that every program has, compiled already
    _write_program(job, folder)
    _build(job, folder, job.owner_cache)
    job.resolved.extend(read_cargo(folder / "Cargo.lock"))
    job.packages.mkdir()
    _take_program(folder, "agora-program", job.packages / PROGRAM)


def _install_program(job: BuildJob) -> None:
    """Without .cargo: its settings may name programs, which downloading would start outside of the isolation."""
    folder = job.scratch / "program"
    shutil.copytree(job.tree, folder, symlinks=True, ignore=shutil.ignore_patterns(".cargo", "rust-toolchain*"))
    _build(job, folder, job.owner_cache)
    job.resolved.extend(read_cargo(folder / "Cargo.lock"))
    manifest = _read_manifest(job)
    programs = manifest.get("bin") or [manifest["package"]]
    add_bridge(job)
    _take_program(folder, str(programs[0].get("name")), job.packages / BRIDGED_PROGRAM)


def _take_program(folder: Path, name: str, place: Path) -> None:
    built = folder / "target" / "release" / name
    if built.resolve() != folder.resolve() / built.relative_to(folder):  # a build script may have put a link there
        raise BuildFailed("The compiler made no program of the source.")
    if not built.is_file():
        raise BuildFailed(f"The compiler made no program called {name!r}.")
    shutil.copyfile(built, place)
    check_program(place)


def _build(job: BuildJob, folder: Path, cache: Path) -> None:
    """Downloads what the Cargo.toml in `folder` names, and compiles."""
    home = cache / "cargo"
    home.mkdir(parents=True, exist_ok=True)
    cargo = str(job.toolchain.executable.with_name("cargo"))
    path = f"{job.toolchain.executable.parent}:/usr/local/bin:/usr/bin:/bin"
    variables = {"CARGO_HOME": str(home), "PATH": path, "RUSTC": job.interpreter, "RUSTFLAGS": LINKING}
    job.log("Downloading the crates of Cargo.toml")
    if job.steps.run([cargo, "fetch"], folder=folder, environment=variables):
        raise BuildFailed("The crates of Cargo.toml could not be downloaded: the log above says why.")
    job.log("Compiling the Rust crate")
    job.run_isolated([cargo, "build", "--release", "--offline"], folder=folder, readable=[home], variables=variables)


def _find_compiled_crates(job: BuildJob) -> Path:
    """A program without an algorithm, built once, and kept: it takes half a minute."""
    text = (job.environment.folder / "Cargo.toml.in").read_text("utf-8")
    digest = hashlib.sha256((LINKING + text).encode()).hexdigest()[:12]
    place = job.cache / "rust" / f"{job.toolchain.version}-{digest}"
    if not place.is_dir():
        folder = job.scratch / "crates"
        (folder / "src").mkdir(parents=True)
        (folder / "Cargo.toml").write_text(re.sub(r"^algorithm = .*$", "", text, flags=re.MULTILINE))
        (folder / "src" / "main.rs").write_text("fn main() {}\n")
        _build(job, folder, job.cache)
        keep_folder(folder, place)
    return place


def _read_manifest(job: BuildJob) -> dict[str, Any]:
    try:
        return tomllib.loads((job.tree / "Cargo.toml").read_text("utf-8"))
    except FileNotFoundError:
        raise BuildFailed("There is no Cargo.toml in the source.") from None
    except ValueError as error:
        raise BuildFailed(f"Cargo.toml cannot be read: {error}") from None


def _check_places(table: object) -> None:
    """Looks for `git` and `path` at any depth, since dependencies stand at several."""
    if not isinstance(table, dict):
        return
    path = table.get("path")
    if isinstance(path, str) and (PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts):
        raise BuildFailed(f"Cargo.toml: the path {path!r} leads out of the source.")
    if isinstance(table.get("git"), str):
        raise BuildFailed(
            "Cargo.toml: take crates from Cargo's registry, or put them into the source; git is not supported."
        )
    for value in table.values():
        _check_places(value)


def _write_program(job: BuildJob, folder: Path) -> None:
    """Our crate, which depends on the author's; the author's lock file holds for both."""
    library = job.environment.folder
    text = (library / "Cargo.toml.in").read_text("utf-8")
    name = str(_read_manifest(job)["package"]["name"])
    (folder / "Cargo.toml").write_text(text.replace("{package}", name).replace("{tree}", str(job.tree)))
    if (job.tree / "Cargo.lock").is_file():
        shutil.copyfile(job.tree / "Cargo.lock", folder / "Cargo.lock")
    for file in ("agora.rs", "bytes.rs"):
        shutil.copyfile(library / file, folder / "src" / file)
    shutil.copyfile(library / ("main_with_load.rs" if has_load(job) else "main.rs"), folder / "src" / "main.rs")
