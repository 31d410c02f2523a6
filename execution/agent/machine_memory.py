"""How much memory this machine, or the container around the agent, has left."""

from pathlib import Path

RESERVE_PART = 16
"""One part in so many stays free, for everything that is no slot."""
MOST_RESERVED = 1 << 30
SLOT_COST = 32 << 20
"""What a slot that has just booted holds at most."""


def has_memory_for_slot() -> bool:
    """Whether another slot may boot or load. Limits may be promised several times over: this looks at what is used."""
    total, available = parse_meminfo(Path("/proc/meminfo").read_text())
    return leaves_reserve(total, available)


def leaves_reserve(total: int, available: int) -> bool:
    """The rule, in bytes."""
    return available - SLOT_COST > min(total // RESERVE_PART, MOST_RESERVED)


def parse_meminfo(text: str) -> tuple[int, int]:
    """Total and available bytes."""
    values = {}
    for line in text.splitlines():
        name, _, rest = line.partition(":")
        values[name] = int(rest.split()[0]) << 10
    return values["MemTotal"], values["MemAvailable"]
