"""Limits by control groups version 1: one folder in each controller's hierarchy."""

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Literal

from execution.sandbox.cgroup_folders import count_after, kill_members, remove_folders
from execution.sandbox.resources import QUOTA_PERIOD_US, ResourceGroup, open_for_reset, quota_us, write_text

ROOT = Path("/sys/fs/cgroup")
CONTROLLERS = ("memory", "cpuacct", "pids", "cpu")
CPU_SHARES = 1024
"""What each slot has for itself, however many processes it starts; and what one processor's worth of all slots has
beside the rest of the machine."""
STALE_SECONDS = 5.0


class Cgroup1:
    """One slot's groups."""

    kind: Literal["cgroup1"] = "cgroup1"

    def __init__(self, folders: dict[str, Path]) -> None:
        self._folders = folders

    def join_files(self) -> list[Path]:
        return [folder / "cgroup.procs" for folder in self._folders.values()]

    def adopt(self, pid: int) -> None:
        """Nothing to do: the process joined before it started."""

    def set_memory_limit(self, limit: int) -> None:
        memory = self._folders["memory"]
        with_swap = memory / "memory.memsw.limit_in_bytes"
        if with_swap.exists():
            # The limit with swap may never be below the one without: lift it, then lower both.
            write_text(with_swap, "-1")
        write_text(memory / "memory.limit_in_bytes", str(limit))
        if with_swap.exists():
            write_text(with_swap, str(limit))

    def open_usage(self) -> list[int]:
        cpu = os.open(self._folders["cpuacct"] / "cpuacct.usage", os.O_RDONLY | os.O_CLOEXEC)
        return [cpu, open_for_reset(self._folders["memory"] / "memory.max_usage_in_bytes")]

    def was_out_of_memory(self) -> bool:
        return count_after(self._folders["memory"] / "memory.oom_control", "oom_kill") > 0

    def enforce(self) -> None:
        """Nothing to do: the kernel does."""

    def kill(self) -> None:
        kill_members(self._folders["memory"])

    def remove(self) -> bool:
        return remove_folders(list(self._folders.values()))


class Cgroups1:
    """All groups of one agent, in a folder called `place` in each hierarchy."""

    watched = False
    kind: Literal["cgroup1"] = "cgroup1"

    def __init__(self, place: str) -> None:
        names = [name for name in CONTROLLERS if (ROOT / name / "cgroup.procs").exists()]
        self._places = {name: ROOT / name / place for name in names}

    def usable(self) -> bool:
        """Whether this process may make groups with the controllers that a slot needs."""
        if not {"memory", "cpuacct"} <= self._places.keys():
            return False
        try:
            for place in self._places.values():
                place.mkdir(exist_ok=True)
            if "cpu" in self._places:
                write_text(self._places["cpu"] / "cpu.shares", str(CPU_SHARES * (os.cpu_count() or 1)))
        except OSError:
            return False
        return True

    def create(self, name: str, *, memory: int, processes: int, cpus: float | None = None) -> ResourceGroup:
        folders = {controller: place / name for controller, place in self._places.items()}
        for folder in folders.values():
            folder.mkdir(parents=True, exist_ok=True)
        group = Cgroup1(folders)
        group.set_memory_limit(memory)
        if "pids" in folders and (folders["pids"] / "pids.max").exists():
            write_text(folders["pids"] / "pids.max", str(processes))
        if cpus is not None and "cpu" in folders:
            write_text(folders["cpu"] / "cpu.cfs_period_us", str(QUOTA_PERIOD_US))
            write_text(folders["cpu"] / "cpu.cfs_quota_us", str(quota_us(cpus)))
        return group

    def remove_stale(self) -> None:
        deadline = time.monotonic() + STALE_SECONDS
        for place in self._places.values():
            for folder in list(place.glob("*/")):
                kill_members(folder)
                while not remove_folders([folder]) and time.monotonic() < deadline:
                    time.sleep(0.01)

    def close(self) -> None:
        self.remove_stale()
        for place in self._places.values():
            with suppress(OSError):
                place.rmdir()
