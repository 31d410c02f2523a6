"""One timer for all that waits and runs."""

import asyncio
import math

import pytest

from execution.leasing.deadlines import LOOK_SECONDS, Deadlines
from execution.leasing.slot import DeadlinePassed, LeasedSlot

from .slots import make_slot


def count_timers(loop: asyncio.AbstractEventLoop) -> int:
    """Those that are still to ring."""
    return sum(not handle.cancelled() for handle in loop._scheduled)  # type: ignore[attr-defined]


async def test_only_whose_time_is_over_is_ended() -> None:
    loop = asyncio.get_running_loop()
    short, long = make_slot(), make_slot()
    slots = {1: short, 2: long}
    deadlines = Deadlines(slots)
    waiter, patient = loop.create_future(), loop.create_future()
    began = loop.time()
    deadlines.begin_wait(waiter, began + 0.1)
    deadlines.begin_wait(patient, math.inf)
    running, lasting = short.exchange(b"?\n", deadline=began + 0.1), long.exchange(b"?\n", deadline=math.inf)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(waiter, 10)
    with pytest.raises(DeadlinePassed):
        await asyncio.wait_for(running, 10)
    assert loop.time() >= began + 0.1
    assert not patient.done()
    assert not lasting.done()
    long.connection_lost(None)
    short.connection_lost(None)
    await asyncio.gather(lasting, return_exceptions=True)


@pytest.mark.parametrize("slots", [0, 1])
async def test_it_looks_while_there_is_something_to_look_after(slots: int) -> None:
    loop = asyncio.get_running_loop()
    kept: dict[int, LeasedSlot] = {number: make_slot() for number in range(slots)}
    deadlines = Deadlines(kept)
    waiter = loop.create_future()
    deadlines.begin_wait(waiter, math.inf)
    running = [slot.exchange(b"?\n") for slot in kept.values()]
    await asyncio.sleep(3 * LOOK_SECONDS)
    assert count_timers(loop) == 1
    deadlines.end_wait(waiter)
    for slot in kept.values():
        slot.connection_lost(None)
    await asyncio.gather(*running, return_exceptions=True)
    await asyncio.sleep(5 * LOOK_SECONDS)
    assert count_timers(loop) == 0
