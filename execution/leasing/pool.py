"""The slots and the waiting calls of one version: who gets which slot, and when another slot is worth asking for.

Pure decisions: the caller says what time it is, and does what the pool says.
"""

import asyncio
from dataclasses import dataclass, field

from execution.errors import QueueFull
from execution.leasing.slot import LeasedSlot
from execution.leasing.waiting import FairQueue
from execution.protocol.agent_messages import VersionSpec

MAX_SLOTS = 8
MAX_WAITING = 1000
WORTH_A_SLOT_SECONDS = 0.002
"""A further slot is asked for when those in the queue would wait longer than this for the present ones."""
SMOOTHING = 0.2

Waiter = asyncio.Future[LeasedSlot]


@dataclass
class VersionPool:
    """Slots leased for one version."""

    spec: VersionSpec
    idle: list[LeasedSlot] = field(default_factory=list)
    """The last one was used last, and is used next: the others may go unused long enough to be given back."""
    waiting: FairQueue[Waiter] = field(default_factory=FairQueue)
    slots: int = 0
    """Leased now, idle or busy."""
    asked: int = 0
    """Leases asked for and not answered."""
    mean_run_seconds: float = 0.0

    def take_idle(self) -> LeasedSlot | None:
        """An idle slot, if no other call is before this one."""
        if self.waiting:
            return None
        while self.idle:
            slot = self.idle.pop()
            if slot.usable:
                return slot
        return None

    def join(self, caller: str, waiter: Waiter) -> None:
        """Puts a call in the queue. Raises QueueFull."""
        if len(self.waiting) >= MAX_WAITING:
            raise QueueFull(max(1.0, self.expected_wait()))
        self.waiting.add(caller, waiter)

    def give(self, slot: LeasedSlot, now: float) -> None:
        """Hands a free slot to the call whose turn it is, or keeps it idle."""
        while self.waiting:
            waiter = self.waiting.take()
            if not waiter.done():
                waiter.set_result(slot)
                return
        slot.idle_since = now
        self.idle.append(slot)

    def expected_wait(self) -> float:
        """Seconds until the last in the queue would have a slot, with the present ones."""
        return len(self.waiting) * self.mean_run_seconds / max(1, self.slots)

    def wants_slot(self) -> bool:
        """Whether to ask for another slot now."""
        if self.asked or not self.waiting or self.slots >= MAX_SLOTS:
            return False
        return self.slots == 0 or self.expected_wait() > WORTH_A_SLOT_SECONDS or self._long_running()

    def _long_running(self) -> bool:
        """All slots are busy with calls of which not even one has ended, so that nothing is known yet."""
        return self.mean_run_seconds == 0.0

    def note_run(self, seconds: float) -> None:
        """Learns how long a call ran."""
        if self.mean_run_seconds == 0.0:
            self.mean_run_seconds = seconds
        else:
            self.mean_run_seconds += SMOOTHING * (seconds - self.mean_run_seconds)

    def take_expired(self, before: float) -> list[LeasedSlot]:
        """Removes and answers the slots that are idle since `before` or longer."""
        expired = [slot for slot in self.idle if slot.idle_since <= before]
        self.idle = [slot for slot in self.idle if slot.idle_since > before]
        return expired

    def fail_waiting(self, error: Exception) -> None:
        """Nobody in the queue will get a slot."""
        while self.waiting:
            waiter = self.waiting.take()
            if not waiter.done():
                waiter.set_exception(error)

    @property
    def unused(self) -> bool:
        """Whether nothing is lost by forgetting the pool."""
        return not (self.slots or self.asked or self.waiting)
