"""What to boot, what to give up, and when to ask for slots back. Pure decisions over a count of the slots."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

WARM_PART = 8
"""One slot in so many is kept for warm ones when all others are leased."""


class SlotKind(NamedTuple):
    """What a booted slot can become."""

    environment_id: str
    network: bool


@dataclass(frozen=True)
class Census:
    """The slots of this machine at one moment."""

    wanted: Sequence[SlotKind] = ()
    """One for each lease that waits for a booted slot, in order."""
    warm: Mapping[SlotKind, int] = field(default_factory=dict)
    booting: Mapping[SlotKind, int] = field(default_factory=dict)
    ending: int = 0
    """Killed, and not gone yet."""
    leased: int = 0
    """Leased, or loading for a lease."""
    targets: Mapping[SlotKind, int] = field(default_factory=dict)
    """How many to keep warm."""
    resting: frozenset[SlotKind] = frozenset()
    """Failed to boot a moment ago: not to be tried yet."""
    max_slots: int = 64
    max_boots: int = 2
    """Boots at once: more of them only get in each other's way."""
    memory_left: bool = True
    """Whether the machine has memory for another slot."""
    memory_short: bool = False
    """Whether it has less than it should: slots are to be given up though nobody waits for their room."""

    @property
    def slots(self) -> int:
        """Whatever has a process."""
        return sum(self.warm.values()) + sum(self.booting.values()) + self.ending + self.leased

    @property
    def has_room(self) -> bool:
        """Whether another slot may boot now."""
        return self.memory_left and self.slots < self.max_slots


@dataclass(frozen=True)
class Boot:
    """Boot a slot of this kind."""

    kind: SlotKind


@dataclass(frozen=True)
class GiveUp:
    """End a warm slot of this kind, for one that is wanted more."""

    kind: SlotKind


@dataclass(frozen=True)
class CallIn:
    """Ask the gateways for an idle slot."""


def serve(census: Census) -> Boot | GiveUp | CallIn | None:
    """The next step for the leases that wait; None: nothing can be done before something has changed."""
    unserved = Counter(census.wanted) - Counter(census.booting)
    kinds = [kind for kind in dict.fromkeys(census.wanted) if unserved[kind] and kind not in census.resting]
    if not kinds or sum(census.booting.values()) >= census.max_boots:
        return None
    if census.has_room:
        return Boot(kinds[0])
    if census.ending:
        return None  # there will be room in a moment
    spare = {kind: number for kind, number in census.warm.items() if number and kind not in census.wanted}
    if spare:
        return GiveUp(max(spare, key=lambda kind: spare[kind] - census.targets.get(kind, 0)))
    return CallIn() if census.leased else None


def relieve(census: Census) -> GiveUp | CallIn | None:
    """What to give up although no lease needs its room: warm slots beyond their number, and what memory is short of."""
    beyond = {
        kind: number - census.targets.get(kind, 0)
        for kind, number in census.warm.items()
        if number and kind not in census.wanted
    }
    if beyond and (census.memory_short or max(beyond.values()) > 0):
        return GiveUp(max(beyond, key=beyond.__getitem__))
    return CallIn() if census.memory_short and census.leased and not census.ending else None


def refill(census: Census) -> Boot | CallIn | None:
    """The kind of which the smallest part is warm. One at a time, and after the leases, so as not to slow them down.

    Where idle slots of leases fill the machine, a few make room: else no version would ever find a warm slot again.
    """
    if census.wanted or census.booting:
        return None
    missing = {
        kind: census.warm.get(kind, 0) / target
        for kind, target in census.targets.items()
        if census.warm.get(kind, 0) < target and kind not in census.resting
    }
    if not missing:
        return None
    if census.has_room:
        return Boot(min(missing, key=missing.__getitem__))
    crowded = sum(census.warm.values()) < census.max_slots // WARM_PART
    return CallIn() if crowded and census.memory_left and census.leased and not census.ending else None
