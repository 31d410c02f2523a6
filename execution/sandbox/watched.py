"""Limits without control groups: the agent looks at each slot's memory a few times a second.

The number of processes is held by RLIMIT_NPROC, which counts per user and user namespace: per slot. Processors are not
limited.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Literal

from execution.sandbox.resources import ResourceGroup

PAGE = os.sysconf("SC_PAGE_SIZE")


class WatchedProcesses:
    """The processes below a slot's outermost one."""

    kind: Literal["proc"] = "proc"

    def __init__(self, memory: int) -> None:
        self._limit = memory
        self._pid: int | None = None
        self._runner: int | None = None
        self._out_of_memory = False

    def join_files(self) -> list[Path]:
        return []

    def adopt(self, pid: int) -> None:
        self._pid = self._runner = pid
        while len(children := _children(self._runner)) == 1:  # bubblewrap's own processes, then the runner
            self._runner = children[0]

    def set_memory_limit(self, limit: int) -> None:
        self._limit = limit

    def open_usage(self) -> list[int]:
        runner = Path(f"/proc/{self._runner}")
        return [os.open(runner / name, os.O_RDONLY | os.O_CLOEXEC) for name in ("stat", "statm")]

    def was_out_of_memory(self) -> bool:
        return self._out_of_memory

    def enforce(self) -> None:
        if self._pid is not None and sum(map(_private_memory, descendants(self._pid))) > self._limit:
            self._out_of_memory = True
            self.kill()

    def kill(self) -> None:
        if self._pid is not None:
            for pid in [*descendants(self._pid)]:
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)

    def remove(self) -> bool:
        self._pid = None
        return True


class WatchedGroups:
    """Makes groups for an agent that has no control groups."""

    watched = True
    kind: Literal["watched"] = "watched"

    def create(self, name: str, *, memory: int, processes: int, cpus: float | None = None) -> ResourceGroup:  # noqa: ARG002 - see the module
        return WatchedProcesses(memory)

    def remove_stale(self) -> None:
        """Nothing to do: the processes died with their agent."""

    def close(self) -> None:
        """Nothing to do: there is no place."""


def descendants(pid: int) -> Iterator[int]:
    """`pid` and every process below it that can be seen now."""
    yield pid
    for child in _children(pid):
        yield from descendants(child)


def _children(pid: int) -> list[int]:
    found: list[int] = []
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with suppress(OSError):
                found += map(int, (task / "children").read_text().split())
    return found


def _private_memory(pid: int) -> int:
    try:
        _, resident, shared = Path(f"/proc/{pid}/statm").read_text().split()[:3]
    except OSError:
        return 0
    return (int(resident) - int(shared)) * PAGE
