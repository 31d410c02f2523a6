"""Go: the modules that go.mod names, through the Go proxy, and one program of the author's package and ours.

cgo is off: C in a module could have the compiler's plugins run.
"""

import re
import shutil
from pathlib import Path, PurePosixPath

from execution.builds.base import BuildJob
from execution.builds.downloads import Fetch, download
from execution.builds.kept_folders import keep_folder
from execution.builds.native import PROGRAM, check_program, has_load
from execution.builds.packages import read_go
from execution.errors import BuildFailed

PROGRAM_FOLDER = "agora-program"
"""Our part of the program, in the author's module while it is compiled."""
REPLACEMENT = re.compile(r"=>\s*((?:(?!=>)\S)*)")
"""Where a module is taken from. One that goes over the next `=>` takes hours for a go.mod of nothing else."""
SAMPLE = {
    "go.mod": "module sample\n\ngo 1.19\n\nrequire github.com/pkg/errors v0.9.1\n",
    "sample.go": 'package sample\n\nimport _ "github.com/pkg/errors"\n',
}
FLAGS = ("build", "-trimpath", "-ldflags", "-s -w")
SETTINGS = {
    "CGO_ENABLED": "0",
    "GOTOOLCHAIN": "local",
    "GOFLAGS": "-mod=mod -modcacherw",
    "GOVCS": "*:off",
    "GOTELEMETRY": "off",
}


def check(job: BuildJob) -> None:
    """Refuses a go.mod that leads out of the source, and a source that has what we add."""
    module = job.tree / "go.mod"
    text = module.read_text("utf-8", errors="replace") if module.is_file() else ""
    if any(place.startswith(("/", "~", "..")) or "/.." in place for place in REPLACEMENT.findall(text)):
        raise BuildFailed("go.mod replaces a module by a folder outside the source.")
    if (job.tree / PROGRAM_FOLDER).exists():
        raise BuildFailed(f"The name {PROGRAM_FOLDER} is the platform's: give yours another one.")


def install(job: BuildJob) -> None:
    """Puts the program into the packages folder."""
    _write_module(job)
    _write_program(job)
    modules = job.owner_cache / "go" / "modules"
    _download(job, modules)
    job.log("Compiling the Go package")
    job.packages.mkdir()
    shutil.copytree(_standard_library(job), job.scratch / "go-cache")
    command = [job.interpreter, *FLAGS, "-o", str(job.packages / PROGRAM), f"./{PROGRAM_FOLDER}"]
    variables = {**SETTINGS, "GOCACHE": str(job.scratch / "go-cache"), "GOMODCACHE": str(modules), "GOPROXY": "off"}
    job.run_isolated(command, folder=job.tree, readable=[modules], variables=variables)
    check_program(job.packages / PROGRAM)
    job.resolved.extend(read_go(job.tree / "go.sum"))
    shutil.rmtree(job.tree / PROGRAM_FOLDER)


def _write_module(job: BuildJob) -> None:
    if not (job.tree / "go.mod").exists():
        (job.tree / "go.mod").write_text(f"module {PurePosixPath(job.entry).stem}\n\ngo 1.19\n")


def _write_program(job: BuildJob) -> None:
    folder = job.tree / PROGRAM_FOLDER
    folder.mkdir()
    library = job.environment.folder
    main = library / ("main_with_load.go" if has_load(job) else "main.go")
    (folder / "main.go").write_text(main.read_text("utf-8").replace("{import}", _import_path(job)))
    shutil.copyfile(library / "agora.go", folder / "agora.go")


def _import_path(job: BuildJob) -> str:
    """What Go calls the package that the entry belongs to."""
    found = re.search(r"^module\s+\"?([\w./~-]+)", (job.tree / "go.mod").read_text("utf-8", "replace"), re.MULTILINE)
    if found is None:
        raise BuildFailed("go.mod names no module: its first line is like `module example`.")
    return str(PurePosixPath(found[1]) / PurePosixPath(job.entry).parent)


def _download(job: BuildJob, modules: Path) -> None:
    """Fetches what go.mod requires; nothing of it runs."""
    modules.mkdir(parents=True, exist_ok=True)  # whether anything is required or not
    if "require" not in (job.tree / "go.mod").read_text("utf-8", "replace"):
        return
    job.log("Downloading the modules of go.mod")

    def fetch(folder: Path, cache: Path) -> Fetch:
        verb = "download" if (folder / "go.sum").is_file() else "tidy"
        variables = {**SETTINGS, "GOMODCACHE": str(cache), "GOCACHE": str(job.scratch / "download-cache")}
        variables["HOME"] = str(job.scratch)  # where it notes its use; the tree is to have the author's files alone
        return Fetch([job.interpreter, "mod", verb], [cache, job.scratch], variables=variables)

    if download(job, "go", fetch, folder=job.tree, cache=modules, sample=SAMPLE):
        raise BuildFailed("The modules of go.mod could not be downloaded: the log above says why.")


def _standard_library(job: BuildJob) -> Path:
    """A build cache that holds Go's own library, compiled once: it takes a minute."""
    place = job.cache / "go" / f"library-{job.toolchain.version}"
    if not place.is_dir():
        job.log("Compiling Go's own library, once")
        folder = job.scratch / "library"
        folder.mkdir()
        (folder / "go.mod").write_text("module library\n\ngo 1.19\n")
        command = [job.interpreter, *FLAGS, "std"]
        variables = {**SETTINGS, "GOCACHE": str(job.scratch / "library-cache"), "GOMODCACHE": str(folder)}
        job.run_isolated(command, folder=folder, variables=variables)
        keep_folder(job.scratch / "library-cache", place)
    return place
