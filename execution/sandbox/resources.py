"""Limits and usage of one slot: a control group where the machine gives us one, else rlimits and a watcher."""

import os
from pathlib import Path
from typing import Literal, Protocol

LimitsKind = Literal["cgroup1", "cgroup2", "watched"]
UsageKind = Literal["cgroup1", "cgroup2", "proc"]


class ResourceGroup(Protocol):
    """One slot's limits. `remove` may be called at any time, and twice."""

    @property
    def kind(self) -> UsageKind:
        """What the descriptors of open_usage mean (see execution.protocol.agent_messages.Leased.usage)."""

    def join_files(self) -> list[Path]:
        """Files to which the slot's first process writes 0 before it gives up its rights."""

    def adopt(self, pid: int) -> None:
        """Tells which process is the slot's outermost one, once the runner below it has booted."""

    def set_memory_limit(self, limit: int) -> None:
        """From now on, more than `limit` bytes ends the slot."""

    def open_usage(self) -> list[int]:
        """New descriptors for reading what the slot used; the caller closes them."""

    def was_out_of_memory(self) -> bool:
        """Whether something in the slot was killed for its use of memory."""

    def enforce(self) -> None:
        """Kills a slot that is above its limit, where the kernel does not do so by itself."""

    def kill(self) -> None:
        """Kills every process of the slot that is still there."""

    def remove(self) -> bool:
        """Gives the group up; False if it is still busy: try again in a moment."""


class ResourceGroups(Protocol):
    """Makes groups, in one place of this machine that belongs to one agent."""

    @property
    def kind(self) -> LimitsKind:
        """What limits the slots."""

    watched: bool
    """Whether `enforce` must be called again and again."""

    def create(self, name: str, *, memory: int, processes: int, cpus: float | None = None) -> ResourceGroup:
        """A new group; limits in bytes, in processes and threads, and in processors, which None leaves all of."""

    def remove_stale(self) -> None:
        """Ends and removes what an agent that was killed left behind."""

    def close(self) -> None:
        """Gives the place up, with whatever is still in it."""


QUOTA_PERIOD_US = 100_000


def quota_us(cpus: float) -> int:
    """What so many processors do in a period, in microseconds; 1,000 are the least that the kernel takes."""
    return max(1_000, int(cpus * QUOTA_PERIOD_US))


def write_text(path: Path, text: str) -> None:
    """One write call, as control files want it (Path.write_text would create a missing file)."""
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)


def open_for_reset(path: Path) -> int:
    """A descriptor for reading and, where allowed, for writing 0 to start counting anew."""
    try:
        return os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except PermissionError:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
