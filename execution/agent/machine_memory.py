"""How much memory this machine, or the container around the agent, has left."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

MEMINFO = Path("/proc/meminfo")
CONTROL_GROUPS = Path("/sys/fs/cgroup")
RESERVE_PART = 16
"""One part in so many stays free, for everything that is no slot."""
MOST_RESERVED = 1 << 30
SLOT_COST = 32 << 20
"""What a slot that has just booted holds at most."""


class Memory(NamedTuple):
    """Bytes."""

    total: int
    available: int


def has_memory_for_slot() -> bool:
    """Whether another slot may boot or load. Limits may be promised several times over: this looks at what is used."""
    machine = parse_meminfo(MEMINFO.read_text())
    return all(map(leaves_reserve, (machine, *container_memory(CONTROL_GROUPS, machine.total))))


def is_memory_short() -> bool:
    """Whether less is left than should stay free."""
    machine = parse_meminfo(MEMINFO.read_text())
    return not all(map(has_reserve, (machine, *container_memory(CONTROL_GROUPS, machine.total))))


def has_reserve(memory: Memory) -> bool:
    """The rule for slots that are there. Between it and the next one nothing is given up and nothing booted."""
    return memory.available > reserve_of(memory)


def leaves_reserve(memory: Memory) -> bool:
    """The rule for another slot."""
    return memory.available - SLOT_COST > reserve_of(memory)


def reserve_of(memory: Memory) -> int:
    """Bytes that stay free, for everything that is no slot."""
    return min(memory.total // RESERVE_PART, MOST_RESERVED)


def parse_meminfo(text: str) -> Memory:
    """What /proc/meminfo says."""
    return Memory(_number_after("MemTotal:", text) << 10, _number_after("MemAvailable:", text) << 10)


def container_memory(root: Path, machine_total: int) -> Iterator[Memory]:
    """The container's, if it has a limit: in it, the root of the control groups is the container's own."""
    for folder, limit, used, cache in (
        (root, "memory.max", "memory.current", "inactive_file "),
        (root / "memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file "),
    ):
        with suppress(OSError, ValueError):  # `max` is no number, and no limit
            total = int((folder / limit).read_text())
            if total < machine_total:
                idle = _number_after(cache, (folder / "memory.stat").read_text())
                yield Memory(total, total - int((folder / used).read_text()) + idle)


def _number_after(word: str, text: str) -> int:
    return next((int(line.removeprefix(word).split()[0]) for line in text.splitlines() if line.startswith(word)), 0)
