"""Ends the calls that take too long: those that wait for a slot, and those that run.

One timer looks after all of them while there are any. A timer for each costs a call as much as being metered does.
"""

import asyncio
from collections.abc import Mapping

from execution.leasing.pool import Waiter
from execution.leasing.slot import LeasedSlot

LOOK_SECONDS = 0.02
"""How late the end of a call's time may be noticed."""


class Deadlines:
    """Of one gateway process. All times are the loop's."""

    def __init__(self, slots: Mapping[int, LeasedSlot]) -> None:
        """`slots`: those that may run calls, whenever one looks."""
        self._slots = slots
        self._waiting: dict[Waiter, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def begin_wait(self, waiter: Waiter, deadline: float) -> None:
        """Has the waiter raise TimeoutError if it waits longer than that."""
        self._waiting[waiter] = deadline
        self.watch()

    def end_wait(self, waiter: Waiter) -> None:
        """It waits no more."""
        del self._waiting[waiter]

    def watch(self) -> None:
        """Looks after what waits and runs now, until nothing does."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(LOOK_SECONDS, self._look)

    def close(self) -> None:
        """Ends nothing any more."""
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        self._timer = None
        now = asyncio.get_running_loop().time()
        for waiter, deadline in self._waiting.items():
            if now >= deadline and not waiter.done():
                waiter.set_exception(TimeoutError())
        for slot in list(self._slots.values()):
            slot.expire(now)
        if self._waiting or any(slot.busy for slot in self._slots.values()):
            self.watch()
