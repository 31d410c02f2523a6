"""What one slot's process needs, said without saying how it is isolated."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from execution.environments import Toolchain


@dataclass(frozen=True)
class SlotPlan:
    """One process to start. Sizes in bytes."""

    toolchain: Toolchain
    command: tuple[str, ...]
    """The runner's command line; `{toolchain}` and `{runner}` stand for what the sandbox makes of them."""
    runner_folder: Path
    version_folder: Path
    """Empty at boot; the agent fills it when the slot is specialised."""
    gateway_folder: Path
    uid: int | None
    """The host user to run as; None for the agent's own."""
    join_files: tuple[Path, ...]
    """Control group files to which the first process writes 0."""
    scratch_size: int
    processes: int
    network: bool = False
    variables: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    system_files: tuple[str, ...] = ()
    """Files and folders outside /usr that the toolchain reads, where the machine has them."""


@dataclass(frozen=True)
class Launch:
    """What to execute."""

    argv: tuple[str, ...]
    environ: Mapping[str, str]
    directory: str
    """Where the runner sees the version's folder."""
    arguments: bytes | None = None
    """What the process finds in its descriptor 1, as a file. It makes 1 the log, as 2 is, when it has read that."""


BASE_VARIABLES = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": "/tmp",  # noqa: S108 - inside
    "TMPDIR": "/tmp",  # noqa: S108 - inside
    "LANG": "C.UTF-8",
}


class Sandbox(Protocol):
    """Turns a plan into a command line."""

    def plan_launch(self, plan: SlotPlan) -> Launch:
        """Pure but for looking at the file system."""


def fill(text: str, plan: SlotPlan, *, runner: str, version: str) -> str:
    """`text` with its placeholders replaced."""
    text = text.replace("{toolchain}", str(plan.toolchain.executable))
    return text.replace("{runner}", runner).replace("{version}", version)


def rlimits(plan: SlotPlan) -> tuple[str, ...]:
    """The start of a command line that limits what follows it."""
    return (
        "/usr/bin/prlimit",
        f"--nproc={plan.processes}",
        f"--fsize={plan.scratch_size}",
        "--nofile=4096",
        "--core=0",
        "--",
    )
