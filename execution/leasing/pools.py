"""The pools of all versions that one gateway calls: which slot of them all is least worth keeping."""

from collections.abc import Iterator

from execution.leasing.pool import VersionPool
from execution.leasing.profiles import Profiles
from execution.leasing.slot import LeasedSlot
from execution.leasing.worth import keep_seconds
from execution.protocol.agent_messages import VersionSpec


class Pools:
    """By version. A version that nobody calls has none."""

    def __init__(self, profiles: Profiles) -> None:
        self.draining = False
        """Whether the agent at the other end is about to end."""
        self._profiles = profiles
        self._pools: dict[str, VersionPool] = {}

    def __iter__(self) -> Iterator[VersionPool]:
        return iter(list(self._pools.values()))

    def of(self, spec: VersionSpec) -> VersionPool:
        """The version's pool, made if there is none."""
        pool = self._pools.get(spec.version_id)
        if pool is None:
            recorder = self._profiles.of(spec.version_id)
            pool = self._pools[spec.version_id] = VersionPool(spec, recorder, draining=self.draining)
        return pool

    def set_draining(self, draining: bool) -> None:
        """From now on only calls that others wait for are begun; or all again."""
        self.draining = draining
        for pool in self._pools.values():
            pool.draining = draining

    def any_starved(self) -> bool:
        """Whether there is a version whose calls wait for a first slot that works."""
        return any(pool.starved for pool in self._pools.values())

    def any_works(self) -> bool:
        """Whether there is a slot that comes free by itself."""
        return any(pool.count_working() for pool in self._pools.values())

    def take_least(self) -> LeasedSlot | None:
        """Removes the idle slot that is least worth keeping; None if all are busy."""
        idle = [(slot, pool) for pool in self._pools.values() for slot in pool.idle]
        if not idle:
            return None
        slot, pool = min(idle, key=lambda entry: entry[1].worth_of(entry[0]))
        pool.idle.remove(slot)
        return slot

    def take(self, slot: LeasedSlot) -> bool:
        """Removes the slot if it is idle; whether it was."""
        pool = next((pool for pool in self._pools.values() if slot in pool.idle), None)
        if pool is not None:
            pool.idle.remove(slot)
        return pool is not None

    def recall_busy(self) -> None:
        """If a version has calls and no slot, the version that has most of them gives one up after its call."""
        if any(pool.count_waiting() and not pool.count_working() for pool in self._pools.values()):
            largest = max(self._pools.values(), key=VersionPool.count_working)
            if largest.count_working() > 1:
                largest.recall_one()

    def take_expired(self, now: float, *, idle_seconds: float) -> list[LeasedSlot]:
        """Removes the slots that were idle for longer than they are worth, and the pools of which nothing is left."""
        expired: list[LeasedSlot] = []
        for version_id, pool in list(self._pools.items()):
            expired += pool.take_expired(now - keep_seconds(pool.mean_load_seconds, at_least=idle_seconds))
            if pool.unused:
                del self._pools[version_id]
        return expired
