"""Python: requirements.txt, installed by uv from wheels alone, so that no package's code runs while building."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from uv import find_uv_bin

from execution.builds.base import BuildJob
from execution.builds.bridged import add_bridge
from execution.builds.downloads import Fetch, download
from execution.builds.layers import install_layer
from execution.builds.packages import Package, read_python
from execution.errors import BuildFailed

SYNTAX_CHECK = Path(__file__).with_name("python_syntax.py")
SEEN_AS = "/algorithm"
"""Where the slot sees the tree: what a traceback shows."""
REQUIREMENT = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9._-]*\s*(\[[^\]]*\])?\s*"  # name and extras
    r"(@\s*https://\S+|\(?\s*[<>=!~][^@]*)?\s*(;.*)?"  # where from, or which versions; when
)
ADK = re.compile(r"^[ \t]*(from|import)[ \t]+(adk|Algorithmia)\b", re.MULTILINE)
MAIN_LOOPS = (
    (re.compile(r"^[^#\n]*\bADK\s*\(", re.MULTILINE), re.compile(r"\.init\s*\(")),
    (re.compile(r"^[^#\n]*\bhandler\s*\(", re.MULTILINE), re.compile(r"\.serve\s*\(")),
)
"""What begins one, and what runs it. Each is searched once: as one pattern, a source made for it takes days."""
ADDRESS = re.compile(r"https://[^\s;]+")
HASH = re.compile(r"\s--hash[= ]\S+")
REQUIREMENTS = "requirements.txt"
TARGET = "target"


def check(job: BuildJob) -> None:
    """Refuses source that this environment's Python cannot parse."""
    names = job.names_of((".py",))
    job.log(f"Checking the syntax of {len(names)} Python files")
    reports: list[str] = []
    command = [job.interpreter, "-I", "-S", os.fspath(SYNTAX_CHECK), *names]
    if job.try_isolated(command, folder=job.tree, readable=[SYNTAX_CHECK], log=reports.append):
        raise BuildFailed(f"Syntax error in {' '.join(reports)}")


def install(job: BuildJob) -> None:
    """Installs requirements.txt into the packages folder, compiled so that a cold slot does not compile them again."""
    requirements = job.tree / "requirements.txt"
    if requirements.is_file():
        locked = _check_requirements(job, requirements)
        install_layer(
            job,
            kind="python",
            files=[requirements],
            locked=locked,
            install=lambda: _install(job, requirements),
            copy=os.link,
        )
    if _has_main_loop(job):
        add_bridge(job)


def _has_main_loop(job: BuildJob) -> bool:
    """Whether the entry ends in `ADK(…).init(…)` or `Algorithmia.handler(…).serve()`, and so never returns."""
    text = (job.tree / job.entry).read_text("utf-8", errors="replace")
    if not ADK.search(text):
        return False
    begun = ((begin.search(text), run) for begin, run in MAIN_LOOPS)
    return any(found and run.search(text, found.end()) for found, run in begun)


def _install(job: BuildJob, requirements: Path) -> Iterator[Package]:
    job.log("Installing requirements.txt")
    _run_uv(job, requirements)
    _compile(job)
    return read_python(job.packages)


def _check_requirements(job: BuildJob, path: Path) -> bool:
    """Packages only: options and paths would read the build machine's files. Whether each has the hash of its file."""
    locked = True
    text = path.read_text(encoding="utf-8", errors="replace").replace("\\\n", " ")
    for number, line in enumerate(text.splitlines(), start=1):
        # With one space for many: else the pattern tries each of them as the end of each part.
        requirement = " ".join(HASH.sub("", re.sub(r"(^|\s)#.*", "", line)).split())
        if requirement and not REQUIREMENT.fullmatch(requirement):
            raise BuildFailed(
                f"requirements.txt, line {number}: {requirement[:80]!r} is not a package such as numpy==2.1 "
                "or name @ https://…; options and paths are not supported."
            )
        if address := ADDRESS.search(requirement):
            job.check_address(f"requirements.txt, line {number}", address[0])
        locked = locked and (not requirement or HASH.search(line) is not None)
    return locked


def _run_uv(job: BuildJob, requirements: Path) -> None:
    folder = job.scratch / "packages"
    folder.mkdir()
    shutil.copyfile(requirements, folder / REQUIREMENTS)  # and nothing else: a uv.toml could name other indexes

    def fetch(folder: Path, cache: Path) -> Fetch:
        uv = find_uv_bin()
        command = [uv, "pip", "install", "--no-progress", "--only-binary", ":all:", "--python", job.interpreter]
        command += ["--target", os.fspath(folder / TARGET), "-r", os.fspath(folder / REQUIREMENTS)]
        variables = {"UV_CACHE_DIR": os.fspath(cache), "UV_LINK_MODE": "copy"}
        return Fetch(command, [cache], [Path(uv)], variables)

    sample = {REQUIREMENTS: "packaging\n"}
    if download(job, "python", fetch, folder=folder, cache=job.owner_cache / "uv", sample=sample):
        raise BuildFailed("requirements.txt could not be installed: the log above says why.")
    (folder / TARGET).rename(job.packages)
    for leftover in (".lock", "bin"):  # a lock file, and programs whose first line names this machine
        _remove(job.packages / leftover)


def _remove(path: Path) -> None:
    if path.is_dir():
        for child in path.iterdir():
            _remove(child)
        path.rmdir()
    else:
        path.unlink(missing_ok=True)


def _compile(job: BuildJob) -> None:
    """Byte code that is never checked against its source's time: the artifact is read-only, its times are 0."""
    command = [job.interpreter, "-I", "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
    command += ["-s", os.fspath(job.tree), "-p", SEEN_AS, os.fspath(job.packages)]
    ignored: list[str] = []  # packages ship files that do not parse on purpose, as test data
    job.try_isolated(command, variables={"PYTHONHASHSEED": "0"}, log=ignored.append)
