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
from execution.builds.downloads import Fetch, download
from execution.builds.kept_folders import keep_folder
from execution.builds.native import PROGRAM, check_program, has_load
from execution.builds.packages import read_cargo
from execution.errors import BuildFailed

LINKING = "-C link-arg=-Wl,--compress-debug-sections=zlib"
"""What stack traces need makes a program three times as large, and its first call later."""
MANIFEST = "Cargo.toml"
SAMPLE = {
    MANIFEST: '[package]\nname = "sample"\nversion = "0.1.0"\n\n[lib]\npath = "lib.rs"\n\n[dependencies]\nitoa = "1"\n',
    "lib.rs": "",
}
MANIFEST_SIZE = 1 << 20
PLACES = ("path", "workspace", "members")
"""What may lead to another crate."""
UNSUPPORTED = ("git", "registry-index")


def check(job: BuildJob) -> None:
    """Refuses a Cargo.toml that cannot be read, or that takes crates from beyond the registry and the source."""
    manifest = _read_manifest(job)
    # Of every crate in the source: downloading, which is not isolated, follows paths from one to another.
    for path in sorted(job.tree.rglob(MANIFEST)):
        try:
            _check_places(_read_toml(job, path), path.parent.resolve(), job.tree.resolve())
        except RecursionError:
            raise BuildFailed(f"{path.relative_to(job.tree)} is nested too deeply.") from None
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
    job.resolved.extend(read_cargo(folder / "Cargo.lock", job.owner_cache / "cargo"))
    job.packages.mkdir()
    _take_program(folder, "agora-program", job.packages / PROGRAM)


def _install_program(job: BuildJob) -> None:
    """Without .cargo: its settings may name programs, which downloading would start outside of the isolation."""
    folder = job.scratch / "program"
    shutil.copytree(job.tree, folder, symlinks=True, ignore=shutil.ignore_patterns(".cargo", "rust-toolchain*"))
    _build(job, folder, job.owner_cache)
    job.resolved.extend(read_cargo(folder / "Cargo.lock", job.owner_cache / "cargo"))
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
    cargo = str(job.toolchain.executable.with_name("cargo"))
    path = f"{job.toolchain.executable.parent}:/usr/local/bin:/usr/bin:/bin"
    variables = {"PATH": path, "RUSTC": job.interpreter, "RUSTFLAGS": LINKING}

    def fetch(_: Path, cache: Path) -> Fetch:
        return Fetch([cargo, "fetch"], [cache], [job.tree], {**variables, "CARGO_HOME": str(cache)})

    job.log("Downloading the crates of Cargo.toml")
    if download(job, "cargo", fetch, folder=folder, cache=home, sample=SAMPLE):
        raise BuildFailed("The crates of Cargo.toml could not be downloaded: the log above says why.")
    job.log("Compiling the Rust crate")
    variables["CARGO_HOME"] = str(home)
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
    if not (job.tree / MANIFEST).is_file():
        raise BuildFailed("There is no Cargo.toml in the source.")
    return _read_toml(job, job.tree / MANIFEST)


def _read_toml(job: BuildJob, path: Path) -> dict[str, Any]:
    """Raises RecursionError, too."""
    name = path.relative_to(job.tree)
    if not path.resolve().is_relative_to(job.tree.resolve()) or not path.is_file():
        raise BuildFailed(f"{name} is no file of the source.")
    if path.stat().st_size > MANIFEST_SIZE:
        raise BuildFailed(f"{name} is larger than 1 MiB.")
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise BuildFailed(f"{name} cannot be read: {error}") from None


def _check_places(table: object, folder: Path, tree: Path) -> None:
    """Looks for places at any depth, since dependencies stand at several; `folder` is the manifest's."""
    if isinstance(table, list):
        for value in table:
            _check_places(value, folder, tree)
    elif isinstance(table, dict):
        for name, value in table.items():
            _check_entry(name, value, folder, tree)
            if name != "metadata":  # other programs'
                _check_places(value, folder, tree)


def _check_entry(name: str, value: object, folder: Path, tree: Path) -> None:
    texts = [text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str)]
    if name in UNSUPPORTED and texts:
        raise BuildFailed(
            f"Cargo.toml: take crates from Cargo's registry, or put them into the source; {name} is not supported."
        )
    for text in texts if name in PLACES else []:
        if not (folder / text).resolve().is_relative_to(tree):
            raise BuildFailed(f"Cargo.toml: the path {text!r} leads out of the source.")


def _write_program(job: BuildJob, folder: Path) -> None:
    """Our crate, which depends on the author's; the author's lock file holds for both."""
    library = job.environment.folder
    text = (library / "Cargo.toml.in").read_text("utf-8")
    name = str(_read_manifest(job)["package"]["name"])
    (folder / "Cargo.toml").write_text(text.replace("{package}", name).replace("{tree}", job.seen(job.tree)))
    if (job.tree / "Cargo.lock").is_file():
        shutil.copyfile(job.tree / "Cargo.lock", folder / "Cargo.lock")
    for file in ("agora.rs", "bytes.rs"):
        shutil.copyfile(library / file, folder / "src" / file)
    shutil.copyfile(library / ("main_with_load.rs" if has_load(job) else "main.rs"), folder / "src" / "main.rs")
