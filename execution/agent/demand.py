"""How many slots of each kind to keep booted, by how often they were taken lately. Pure: told the time, in seconds."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from execution.agent.warm_pool import SlotKind

MEMORY_SECONDS = 30.0
"""A lease that long ago counts for a third of one that is made now."""
KEPT_SECONDS = 600.0
"""How long one slot is kept booted after the last lease."""
FIRST_BOOT_SECONDS = 0.2
"""What a boot is thought to take before there was one."""
SMOOTHING = 0.2


@dataclass
class KindDemand:
    """The leases of one kind of slot."""

    leased_at: float = -math.inf
    boot_seconds: float = FIRST_BOOT_SECONDS
    _per_second: float = 0.0

    def note_lease(self, now: float) -> None:
        """One was taken."""
        self._per_second = self.rate(now) + 1 / MEMORY_SECONDS
        self.leased_at = now

    def note_boot(self, seconds: float) -> None:
        """One has booted, and took so long."""
        self.boot_seconds += SMOOTHING * (seconds - self.boot_seconds)

    def rate(self, now: float) -> float:
        """Leases in a second, the recent ones counting more."""
        return self._per_second * math.exp((self.leased_at - now) / MEMORY_SECONDS) if self._per_second else 0.0

    def wanted(self, now: float) -> int:
        """Enough for the leases that come while one that was taken is replaced, and for twice their usual deviation."""
        if now - self.leased_at > KEPT_SECONDS:
            return 0
        meanwhile = self.rate(now) * self.boot_seconds
        return max(1, math.ceil(meanwhile + 2 * math.sqrt(meanwhile)))


@dataclass
class Demand:
    """All kinds."""

    floors: dict[SlotKind, int] = field(default_factory=dict)
    """How many to keep at least."""
    fixed: frozenset[str] = frozenset()
    """Environments for which the operator has said how many: their floors are what is kept."""
    kinds: dict[SlotKind, KindDemand] = field(default_factory=dict)

    def of(self, kind: SlotKind) -> KindDemand:
        """One kind's, made if there is none."""
        return self.kinds.setdefault(kind, KindDemand())

    def size_pool(self, now: float, *, most: int) -> Mapping[SlotKind, int]:
        """How many of each kind to keep. Beyond the floors there are `most` at most, those taken most often first."""
        targets = dict(self.floors)
        for kind in sorted(self.kinds, key=lambda kind: -self.kinds[kind].rate(now)):
            if kind.environment_id not in self.fixed:
                floor = self.floors.get(kind, 0)
                more = min(max(0, self.kinds[kind].wanted(now) - floor), most)
                targets[kind] = floor + more
                most -= more
        return targets
