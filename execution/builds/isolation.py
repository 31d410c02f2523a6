"""Runs a build's programs where the author's code, or a dependency's, may take part: macros, includes, build scripts.

They see the system and the build's own folders, no network, and nothing else of the machine.
"""

import fcntl
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from execution.config import allows_unisolated
from execution.errors import BuildFailed, CannotIsolate
from execution.sandbox.seccomp import make_filter

SYSTEM_FOLDERS = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
SYSTEM_FILES = ("/etc/ld.so.cache", "/etc/alternatives", "/etc/passwd", "/etc/group", "/etc/localtime")
LARGEST_FILE = 4 << 30
MEMORY = 6 << 30
"""Of one process, and (see watch.py) of all. What it reserves and never writes to does not count."""
PROCESSES = 512
SCRATCH_SIZE = 2 << 30
SHARED_MEMORY_SIZE = 64 << 20
# When the machine runs out of memory, a build goes before anything of the platform.
START_SCRIPT = """
exec 4<"$1"; shift
{ echo 1000 >/proc/self/oom_score_adj; } 2>/dev/null || :
exec "$@"
"""
VARIABLES = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "TMPDIR": "/tmp", "HOME": "/tmp"}  # noqa: S108 - inside


@dataclass(frozen=True)
class Shown:
    """What an isolated program sees beside the system, each at its own place unless `places` names another."""

    writable: Sequence[Path]
    readable: Sequence[Path] = ()
    system_files: Sequence[str] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[Path, str] = field(default_factory=dict)
    """Where folders are seen, with what is in them: compilers write paths into what they make."""

    def seen(self, text: str) -> str:
        """A path, or what has paths in it, as the program knows them."""
        for folder in sorted(map(str, self.places), key=len, reverse=True):
            text = text.replace(folder, self.places[Path(folder)])
        return text


def can_isolate() -> bool:
    """Whether what runs here sees only what it is shown, where it is shown."""
    return shutil.which("bwrap") is not None


def isolated_command(command: Sequence[str], folder: Path, shown: Shown) -> list[str]:
    """The command line that runs `command` in `folder`. Raises BuildFailed where this machine cannot isolate."""
    if can_isolate():
        start = ["sh", "-ec", START_SCRIPT, "sh", _system_calls(), "bwrap", "--seccomp", "4"]
        return [*start, *_arguments(folder, shown), "--", *_limits(), *map(shown.seen, command)]
    if allows_unisolated(os.environ):
        return [*_limits(), *command]
    raise BuildFailed("This machine cannot isolate a build: its operator must install bubblewrap.")


def _arguments(folder: Path, shown: Shown) -> Iterable[str]:
    yield from ("--unshare-user", "--unshare-all", "--disable-userns", "--uid", "1000", "--gid", "1000")
    yield from ("--cap-drop", "ALL", "--die-with-parent", "--new-session", "--hostname", "build")
    yield "--as-pid-1"  # when the program ends, all that it started has ended, before anything goes on
    yield from ("--ro-bind", "/usr", "/usr")
    for place in map(Path, SYSTEM_FOLDERS):
        if place.is_symlink():
            yield from ("--symlink", str(place.readlink()), str(place))
        elif place.is_dir():
            yield from ("--ro-bind", str(place), str(place))
    for file in (*SYSTEM_FILES, *shown.system_files):
        yield from ("--ro-bind-try", file, file)
    yield from ("--proc", "/proc", "--dev", "/dev", "--size", str(SCRATCH_SIZE), "--tmpfs", "/tmp")  # noqa: S108 - inside
    yield from ("--size", str(SHARED_MEMORY_SIZE), "--perms", "1777", "--tmpfs", "/dev/shm")  # noqa: S108 - inside
    for path in shown.readable:
        yield from ("--ro-bind", str(path), shown.seen(str(path)))
    for path in shown.writable:
        yield from ("--bind", str(path), shown.seen(str(path)))
    yield from ("--remount-ro", "/dev", "--remount-ro", "/", "--clearenv")
    for name, value in {**VARIABLES, **shown.variables}.items():
        yield from ("--setenv", name, shown.seen(value))
    yield from ("--chdir", shown.seen(str(folder)))


@cache
def _system_calls() -> str:
    """The filter of system calls, as a file that nobody can change: of this process, and kept open. Raises BuildFailed
    where this machine's calls are not known."""
    try:
        program = make_filter()
    except CannotIsolate as error:
        raise BuildFailed(f"This machine cannot isolate a build: {error}") from None
    descriptor = os.memfd_create("system_calls", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.write(descriptor, program)
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW)
    return f"/proc/{os.getpid()}/fd/{descriptor}"


def _limits() -> Iterable[str]:
    yield from ("/usr/bin/prlimit", f"--nproc={PROCESSES}", f"--fsize={LARGEST_FILE}")
    yield from (f"--data={MEMORY}", "--core=0", "--")
