"""Runs a build's programs where the author's code, or a dependency's, may take part: macros, includes, build scripts.

They see the system and the build's own folders, no network, and nothing else of the machine.
"""

import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from execution.config import allows_unisolated
from execution.errors import BuildFailed

SYSTEM_FOLDERS = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
SYSTEM_FILES = ("/etc/ld.so.cache", "/etc/alternatives", "/etc/passwd", "/etc/group", "/etc/localtime")
LARGEST_FILE = 4 << 30
MEMORY = 6 << 30
"""Of one process. What it reserves and never writes to does not count."""
PROCESSES = 512
SCRATCH_SIZE = 2 << 30
VARIABLES = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "TMPDIR": "/tmp", "HOME": "/tmp"}  # noqa: S108 - inside


@dataclass(frozen=True)
class Shown:
    """What an isolated program sees beside the system, each at its own place."""

    writable: Sequence[Path]
    readable: Sequence[Path] = ()
    system_files: Sequence[str] = ()
    variables: Mapping[str, str] = field(default_factory=dict)


def isolated_command(command: Sequence[str], folder: Path, shown: Shown) -> list[str]:
    """The command line that runs `command` in `folder`. Raises BuildFailed where this machine cannot isolate."""
    if shutil.which("bwrap"):
        return ["bwrap", *_arguments(folder, shown), "--", *_limits(), *command]
    if allows_unisolated(os.environ):
        return [*_limits(), *command]
    raise BuildFailed("This machine cannot isolate a build: its operator must install bubblewrap.")


def _arguments(folder: Path, shown: Shown) -> Iterable[str]:
    yield from ("--unshare-user", "--unshare-all", "--disable-userns", "--uid", "1000", "--gid", "1000")
    yield from ("--cap-drop", "ALL", "--die-with-parent", "--hostname", "build", "--ro-bind", "/usr", "/usr")
    for place in map(Path, SYSTEM_FOLDERS):
        if place.is_symlink():
            yield from ("--symlink", str(place.readlink()), str(place))
        elif place.is_dir():
            yield from ("--ro-bind", str(place), str(place))
    for file in (*SYSTEM_FILES, *shown.system_files):
        yield from ("--ro-bind-try", file, file)
    yield from ("--proc", "/proc", "--dev", "/dev", "--size", str(SCRATCH_SIZE), "--tmpfs", "/tmp")  # noqa: S108 - inside
    for path in shown.readable:
        yield from ("--ro-bind", str(path), str(path))
    for path in shown.writable:
        yield from ("--bind", str(path), str(path))
    yield "--clearenv"
    for name, value in {**VARIABLES, **shown.variables}.items():
        yield from ("--setenv", name, value)
    yield from ("--chdir", str(folder))


def _limits() -> Iterable[str]:
    yield from ("/usr/bin/prlimit", f"--nproc={PROCESSES}", f"--fsize={LARGEST_FILE}")
    yield from (f"--data={MEMORY}", "--core=0", "--")
