"""Limits by control groups version 2, where a group around the agent may be divided (root; Delegate=yes)."""

import os
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Literal

from execution.sandbox.cgroup_folders import count_after, kill_members, remove_folders
from execution.sandbox.resources import QUOTA_PERIOD_US, ResourceGroup, open_for_reset, quota_us, write_text

ROOT = Path("/sys/fs/cgroup")
STALE_SECONDS = 5.0


class Cgroup2:
    """One slot's group."""

    kind: Literal["cgroup2"] = "cgroup2"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def join_files(self) -> list[Path]:
        return [self._folder / "cgroup.procs"]

    def adopt(self, pid: int) -> None:
        """Nothing to do: the process joined before it started."""

    def set_memory_limit(self, limit: int) -> None:
        write_text(self._folder / "memory.max", str(limit))

    def open_usage(self) -> list[int]:
        cpu = os.open(self._folder / "cpu.stat", os.O_RDONLY | os.O_CLOEXEC)
        return [cpu, open_for_reset(self._folder / "memory.peak")]

    def was_out_of_memory(self) -> bool:
        return count_after(self._folder / "memory.events", "oom_kill") > 0

    def enforce(self) -> None:
        """Nothing to do: the kernel does."""

    def kill(self) -> None:
        with suppress(OSError):
            write_text(self._folder / "cgroup.kill", "1")
        kill_members(self._folder)

    def remove(self) -> bool:
        return remove_folders([self._folder])


class Cgroups2:
    """All groups of one agent, in a folder called `place`."""

    watched = False
    kind: Literal["cgroup2"] = "cgroup2"

    def __init__(self, place: str) -> None:
        self._name = place
        self._own = ROOT / _own_group().lstrip("/")
        self._place = self._own / place

    def usable(self) -> bool:
        """Whether a group above this process, or its own, may be divided and joined: the outermost one is best, since
        others' processes are in the inner ones."""
        above = [folder for folder in reversed(self._own.parents) if folder.is_relative_to(ROOT)]
        return any(map(self._settle, (*above, self._own))) or (self._move_to_leaf() and self._settle(self._own))

    def _settle(self, parent: Path) -> bool:
        place = parent / self._name
        try:
            place.mkdir(exist_ok=True)
            for folder in (parent, place):
                write_text(folder / "cgroup.subtree_control", "+memory +pids")
                for controller in ("+cpu", "+io"):  # shared evenly between slots, where that can be had
                    with suppress(OSError):
                        write_text(folder / "cgroup.subtree_control", controller)
            settled = (place / "memory.peak").exists() and _can_join(place / "probe")  # the file: Linux 5.19
        except OSError:
            settled = False
        if settled:
            self._place = place
        else:
            with suppress(OSError):
                place.rmdir()
        return settled

    def _move_to_leaf(self) -> bool:
        """Only leaves may hold processes, below the root: the agent moves into one of its own."""
        if not (self._own / "cgroup.controllers").exists():
            return False  # no such groups here: a folder would be one of another file system
        leaf = self._own / f"{self._name}-agent"
        try:
            leaf.mkdir(exist_ok=True)
            write_text(leaf / "cgroup.procs", "0")
        except OSError:
            return False
        return True

    def create(self, name: str, *, memory: int, processes: int, cpus: float | None = None) -> ResourceGroup:
        folder = self._place / name
        folder.mkdir(parents=True, exist_ok=True)
        group = Cgroup2(folder)
        group.set_memory_limit(memory)
        write_text(folder / "memory.oom.group", "1")
        write_text(folder / "pids.max", str(processes))
        if cpus is not None and (folder / "cpu.max").exists():
            write_text(folder / "cpu.max", f"{quota_us(cpus)} {QUOTA_PERIOD_US}")
        if (folder / "memory.swap.max").exists():
            write_text(folder / "memory.swap.max", "0")
        return group

    def remove_stale(self) -> None:
        deadline = time.monotonic() + STALE_SECONDS
        for folder in list(self._place.glob("*/")):
            kill_members(folder)
            while not remove_folders([folder]) and time.monotonic() < deadline:
                time.sleep(0.01)

    def close(self) -> None:
        self.remove_stale()
        with suppress(OSError):
            self._place.rmdir()


def _can_join(probe: Path) -> bool:
    """Whether a process started here can move there, as a slot's first one does."""
    probe.mkdir(exist_ok=True)
    command = ["sh", "-ec", 'echo 0 >"$1"', "sh", str(probe / "cgroup.procs")]
    joined = subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode == 0
    while not remove_folders([probe]):
        time.sleep(0.01)  # the process has ended, and leaves in a moment
    return joined


def _own_group() -> str:
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        if line.startswith("0::"):
            return line.removeprefix("0::")
    return "/"
