"""The slots and the waiting calls of one version: who gets which slot, and how many more are worth asking for.

Pure decisions: the caller says what time it is, and does what the pool says.
"""

import asyncio
from dataclasses import dataclass, field

from execution.errors import QueueFull
from execution.leasing.profiles import Recorder
from execution.leasing.slot import LeasedSlot
from execution.leasing.waiting import FairQueue
from execution.leasing.worth import worth
from execution.protocol.agent_messages import AlgorithmFailure, VersionSpec

MAX_SLOTS = 32
EAGER_SLOTS = 4
"""So many are asked for as soon as calls wait. Measured with an echo and 32 callers on two processors: four slots do
2.5 times as many calls as one, and eight do fewer than four."""
MAX_WAITING = 2000
WORTH_A_SLOT_SECONDS = 0.002
"""Another slot is asked for when those in the queue would wait longer than this for the present ones."""
SLEEPY_SECONDS = 0.1
SLEEPY_SHARE = 0.1
"""Calls that run for SLEEPY_SECONDS or longer and compute for less than this share of it only wait for others. Shorter
ones may only have waited for a processor: on a machine with seven times its load, an echo runs for 10 ms."""
SMOOTHING = 0.2

Waiter = asyncio.Future[LeasedSlot]


@dataclass
class VersionPool:
    """Slots leased for one version. Times are the loop's, in seconds."""

    spec: VersionSpec
    recorder: Recorder = field(default_factory=Recorder)
    idle: list[LeasedSlot] = field(default_factory=list)
    """The last one was used last, and is used next: the others may go unused long enough to be given back."""
    waiting: FairQueue[Waiter] = field(default_factory=FairQueue)
    nested: FairQueue[Waiter] = field(default_factory=FairQueue)
    """Calls that wait too, and were made by calls that hold slots: of this version, it may be."""
    stale_request: int = 0
    """Slots of this request and those before have secrets that hold no longer."""
    nested_last: bool = False
    """Whether the last slot went to one of those, so that the other queue is next."""
    leased: set[LeasedSlot] = field(default_factory=set)
    """Idle, busy, or still opening."""
    asked: int = 0
    """Leases asked for and not answered."""
    asks_again_at: float = 0.0
    """Not before: the last lease failed."""
    refused: bool = False
    """Whether the machine had no room for the last one."""
    broken: AlgorithmFailure | None = None
    """Why the version did not load; holds until `asks_again_at`."""
    draining: bool = False
    """Whether the agent is about to end: only calls that others wait for are begun."""
    mean_run_seconds: float = 0.0
    mean_cpu_seconds: float = 0.0
    mean_load_seconds: float = 0.0
    moved_at: float = 0.0
    """When the queue last moved: it began, or a slot came or was free."""

    def take_idle(self, *, nested: bool = False) -> LeasedSlot | None:
        """An idle slot, if no other call is before this one."""
        if self.nested or not (nested or self._has_room()) or (self.waiting and not nested):
            return None
        while self.idle:
            slot = self.idle.pop()
            if slot.usable:
                slot.handed_on = False
                return slot
        return None

    def join(self, caller: str, waiter: Waiter, now: float, *, nested: bool = False) -> None:
        """Puts a call in the queue. Raises QueueFull."""
        if self.count_waiting() >= MAX_WAITING:
            raise QueueFull(max(1.0, self.expected_wait(now)))
        if not self.count_waiting():
            self.moved_at = now
        (self.nested if nested else self.waiting).add(caller, waiter)

    def leave(self, caller: str, waiter: Waiter) -> None:
        """The call gave up."""
        self.waiting.remove(caller, waiter)
        self.nested.remove(caller, waiter)

    def count_waiting(self) -> int:
        """The calls in the queue."""
        return len(self.waiting) + len(self.nested)

    def count_working(self) -> int:
        """The slots that come free by themselves: not those whose calls wait for calls of their own."""
        return sum(not slot.children for slot in self.leased)

    def give(self, slot: LeasedSlot, now: float) -> None:
        """Hands a free slot to the call whose turn it is, or keeps it idle."""
        self.moved_at = slot.idle_since = now
        self.idle.append(slot)
        self._hand_out(slot)

    def _hand_out(self, just_freed: LeasedSlot | None = None) -> None:
        while self.idle and (queue := self._next_queue()):
            self.nested_last = queue is self.nested
            waiter = queue.take()
            if not waiter.done():
                slot = self.idle.pop()
                slot.handed_on = slot is just_freed
                waiter.set_result(slot)

    def _next_queue(self) -> FairQueue[Waiter]:
        """Both take turns, but nested calls have the last slot that works: others could hold it and wait for them."""
        others_next = not self.nested or (self.waiting and self.nested_last and self.count_working() > 1)
        return self.waiting if others_next and self._has_room() else self.nested

    def _has_room(self) -> bool:
        """Whether a call that starts a tree may begin. The slots beyond the most are for nested calls alone."""
        return not self.draining and len(self.leased) - len(self.idle) < MAX_SLOTS

    def expected_wait(self, now: float) -> float:
        """Seconds until the last in the queue would have a slot, with the present ones.

        A call is thought to run as long as those before, or as long as nothing has come to an end.
        """
        run_seconds = max(self.mean_run_seconds, now - self.moved_at)
        return self.count_waiting() * run_seconds / max(1, self.count_working())

    def count_wanted(self, now: float, *, spare: bool) -> int:
        """How many more slots to ask for now; `spare` says whether the machine has processors to spare.

        The number at most doubles at a time, since what the last ones bring is not known before they are there. For
        nested calls only slots that work count: the others may wait for just these calls.
        """
        if not (self.nested or (self.waiting and not self.draining)) or now < self.asks_again_at:
            return 0
        if not (spare or self.nested or self._sleepy) and len(self.leased) >= EAGER_SLOTS:
            return 0  # as below, but sooner: this is asked for each call that waits
        slots = self.count_working() if self.nested else len(self.leased)
        if not slots:
            return 1 - min(1, self.asked)
        if self.expected_wait(now) <= WORTH_A_SLOT_SECONDS:
            return 0
        limit = MAX_SLOTS if spare or self._sleepy else EAGER_SLOTS
        return max(0, min(slots, len(self.nested or self.waiting), limit - slots) - self.asked)

    @property
    def _sleepy(self) -> bool:
        """Whether more slots get more done even where no processor is free."""
        run_seconds = self.mean_run_seconds
        return run_seconds >= SLEEPY_SECONDS and self.mean_cpu_seconds < SLEEPY_SHARE * run_seconds

    def note_run(self, run_seconds: float, cpu_seconds: float) -> None:
        """Learns what a call took."""
        if self.mean_run_seconds == 0.0:
            self.mean_run_seconds, self.mean_cpu_seconds = run_seconds, cpu_seconds
        else:
            self.mean_run_seconds += SMOOTHING * (run_seconds - self.mean_run_seconds)
            self.mean_cpu_seconds += SMOOTHING * (cpu_seconds - self.mean_cpu_seconds)

    def note_load(self, load_seconds: float) -> None:
        """Learns what a cold start took."""
        first = self.mean_load_seconds == 0.0
        self.mean_load_seconds += (1.0 if first else SMOOTHING) * (load_seconds - self.mean_load_seconds)

    def add(self, slot: LeasedSlot, now: float) -> None:
        """One that was asked for has come; it is given when it is open."""
        self.note_load(slot.load_us / 1e6)
        self.recorder.note_load(slot.load_us)
        self.leased.add(slot)
        self.moved_at = now
        self.refused = False
        self.broken = None

    def renew(self, spec: VersionSpec, *, asked_before: int) -> None:
        """The version has other secrets, say: each slot asked for before, up to that request, goes back when free."""
        self.spec, self.stale_request = spec, asked_before
        self.broken = None
        for slot in self.leased:
            slot.recalled = True

    def recall_one(self) -> None:
        """Has one of the slots given back after its call."""
        for slot in self.leased:
            if not slot.recalled and not slot.children:
                slot.recalled = True
                return

    def drop(self, slot: LeasedSlot) -> None:
        """The slot is no more."""
        self.leased.discard(slot)
        if slot in self.idle:
            self.idle.remove(slot)
        self._hand_out()

    def may_keep(self, slot: LeasedSlot) -> bool:
        """Whether a slot that has come free is not to be given back at once."""
        return bool(self.nested) if self.draining else not slot.recalled

    def worth_of(self, slot: LeasedSlot) -> tuple[float, float]:
        """What it is worth to keep an idle slot; of two that are worth the same, the one that was used last."""
        value = worth(
            load_seconds=self.mean_load_seconds,
            calls_per_second=slot.rate.per_second,
            memory_bytes=slot.usage.read_memory(),
        )
        return value, slot.idle_since

    def take_expired(self, before: float) -> list[LeasedSlot]:
        """Removes and answers the slots that are idle since `before` or longer."""
        expired = [slot for slot in self.idle if slot.idle_since <= before]
        self.idle = [slot for slot in self.idle if slot.idle_since > before]
        return expired

    def fail_waiting(self, error: Exception) -> None:
        """Nobody in the queue will get a slot."""
        while self.fail_nested(error):
            pass
        while self.waiting:
            waiter = self.waiting.take()
            if not waiter.done():
                waiter.set_exception(error)

    def fail_nested(self, error: Exception) -> bool:
        """The nested call whose turn it is gets no slot; whether there was one."""
        while self.nested:
            waiter = self.nested.take()
            if not waiter.done():
                waiter.set_exception(error)
                return True
        return False

    @property
    def starved(self) -> bool:
        """Whether calls wait for a first slot that works, and there was no room for it."""
        return self.refused and self.count_waiting() > 0 and not self.count_working()

    @property
    def unused(self) -> bool:
        """Whether nothing is lost by forgetting the pool."""
        return not (self.leased or self.asked or self.count_waiting())
