"""The pool: who gets which slot, and how many more are asked for."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from execution.errors import QueueFull
from execution.leasing.pool import EAGER_SLOTS, MAX_SLOTS, MAX_WAITING, VersionPool, Waiter
from execution.leasing.slot import LeasedSlot

from .slots import SPEC, make_slot


def make_waiter() -> Waiter:
    return asyncio.get_running_loop().create_future()


def make_pool(*, slots: int = 0, waiting: int = 0, run_seconds: float = 0.0, cpu_seconds: float = 0.0) -> VersionPool:
    """At time 0, with busy slots, and calls that wait."""
    pool = VersionPool(SPEC)
    pool.leased = {make_slot() for _ in range(slots)}
    for number in range(waiting):
        pool.join(f"caller {number}", make_waiter(), 0.0)
    if run_seconds:
        pool.note_run(run_seconds, cpu_seconds)
    return pool


def make_queues() -> tuple[VersionPool, list[int]]:
    """Two slots, two calls that wait, 0 and 1, and two nested ones, 2 and 3; and in which order they got slots."""
    pool, order = make_pool(slots=2), []
    for number in range(4):
        waiter = make_waiter()
        waiter.add_done_callback(lambda _, number=number: order.append(number))  # type: ignore[misc]
        pool.join("a", waiter, 0.0, nested=number > 1)
    return pool, order


async def test_the_slot_used_last_is_used_next() -> None:
    pool = make_pool()
    first, second = make_slot(), make_slot()
    pool.give(first, 1.0)
    pool.give(second, 2.0)
    assert pool.take_idle() is second
    assert pool.take_idle() is first
    assert pool.take_idle() is None


async def test_a_dead_slot_is_given_to_nobody() -> None:
    pool = make_pool()
    alive, dead = make_slot(), make_slot()
    pool.give(alive, 1.0)
    pool.give(dead, 2.0)
    dead.close()
    assert pool.take_idle() is alive


async def test_nobody_overtakes_those_who_wait() -> None:
    pool = make_pool(waiting=1)
    pool.idle.append(make_slot())
    assert pool.take_idle() is None


async def test_a_free_slot_goes_past_those_who_gave_up() -> None:
    pool = make_pool()
    gone, here = make_waiter(), make_waiter()
    pool.join("a", gone, 0.0)
    pool.join("b", here, 0.0)
    gone.cancel()
    slot = make_slot()
    pool.give(slot, 1.0)
    assert here.result() is slot
    assert not pool.idle


async def test_the_queue_has_an_end() -> None:
    pool = make_pool(slots=1, waiting=MAX_WAITING, run_seconds=0.1)
    with pytest.raises(QueueFull, match="try again in 200 s") as raised:
        pool.join("late", make_waiter(), 0.0)
    assert raised.value.retry_after == pytest.approx(200)


async def test_a_version_without_a_slot_gets_one_however_many_wait() -> None:
    pool = make_pool(waiting=1_000)
    assert pool.count_wanted(0.0, spare=True) == 1
    pool.asked = 1
    assert pool.count_wanted(9.0, spare=True) == 0


async def test_nobody_waits_so_no_slot_is_wanted() -> None:
    assert make_pool().count_wanted(9.0, spare=True) == 0


@pytest.mark.parametrize(
    ("slots", "asked", "waiting", "wanted"), [(1, 0, 30, 1), (2, 0, 30, 2), (2, 1, 30, 1), (2, 0, 1, 1), (4, 4, 30, 0)]
)
async def test_slots_at_most_double_at_a_time(slots: int, asked: int, waiting: int, wanted: int) -> None:
    pool = make_pool(slots=slots, waiting=waiting, run_seconds=1.0)
    pool.asked = asked
    assert pool.count_wanted(0.0, spare=True) == wanted


async def test_a_short_wait_is_worth_no_slot() -> None:
    pool = make_pool(slots=1, waiting=10, run_seconds=0.0001)
    assert pool.count_wanted(0.0, spare=True) == 0


async def test_short_calls_get_few_slots_where_no_processor_is_free() -> None:
    pool = make_pool(slots=EAGER_SLOTS - 1, waiting=100, run_seconds=0.001, cpu_seconds=0.0005)
    assert pool.count_wanted(0.0, spare=False) == 1
    pool.leased.add(make_slot())
    assert pool.count_wanted(0.0, spare=False) == 0
    assert pool.count_wanted(0.0, spare=True) == EAGER_SLOTS


async def test_calls_that_only_wait_get_more_slots_all_the_same() -> None:
    pool = make_pool(slots=EAGER_SLOTS, waiting=100, run_seconds=0.5, cpu_seconds=0.002)
    assert pool.count_wanted(0.0, spare=False) == EAGER_SLOTS


async def test_short_calls_on_a_crowded_machine_do_not_count_as_waiting() -> None:
    pool = make_pool(slots=EAGER_SLOTS, waiting=100, run_seconds=0.02, cpu_seconds=0.00002)
    assert pool.count_wanted(0.0, spare=False) == 0


async def test_there_is_a_last_slot() -> None:
    pool = make_pool(slots=MAX_SLOTS - 1, waiting=100, run_seconds=0.5)
    assert pool.count_wanted(0.0, spare=True) == 1
    pool.leased.add(make_slot())
    assert pool.count_wanted(0.0, spare=True) == 0


async def test_a_slot_that_is_busy_for_unusually_long_does_not_hold_up_the_others() -> None:
    pool = make_pool(slots=1, waiting=1, run_seconds=0.0001)
    assert pool.count_wanted(0.001, spare=False) == 0
    assert pool.count_wanted(0.1, spare=False) == 1


async def test_after_a_failed_lease_none_is_asked_for_at_once() -> None:
    pool = make_pool(waiting=1)
    pool.asks_again_at = 1.0
    assert pool.count_wanted(0.9, spare=True) == 0
    assert pool.count_wanted(1.0, spare=True) == 1


async def test_old_idle_slots_are_taken_out() -> None:
    pool = make_pool()
    old, young = make_slot(), make_slot()
    pool.give(old, 1.0)
    pool.give(young, 5.0)
    assert pool.take_expired(3.0) == [old]
    assert pool.idle == [young]


async def test_slots_whose_calls_wait_for_their_own_do_not_count_for_nested_calls() -> None:
    pool = make_pool(slots=MAX_SLOTS, waiting=5, run_seconds=0.5)
    assert pool.count_wanted(0.0, spare=True) == 0
    for slot in pool.leased:
        slot.children = {"child"}
    assert pool.count_wanted(0.0, spare=True) == 0, "calls that start trees are no reason"
    pool.join("caller", make_waiter(), 0.0, nested=True)
    assert pool.count_wanted(0.0, spare=False) == 1
    pool.asked = 1
    assert pool.count_wanted(0.0, spare=False) == 0


async def test_the_last_slot_that_works_is_for_nested_calls() -> None:
    pool, order = make_queues()
    free, held = pool.leased
    held.children = {"child"}
    for _ in range(4):
        pool.give(free, 0.0)
        await asyncio.sleep(0)
    assert order == [2, 3, 0, 1]


async def test_else_nested_calls_and_others_take_turns() -> None:
    pool, order = make_queues()
    for _ in range(4):
        pool.give(next(iter(pool.leased)), 0.0)
        await asyncio.sleep(0)
    assert order == [2, 0, 3, 1]


async def test_each_recall_is_of_another_slot() -> None:
    pool = make_pool(slots=2)
    for _ in range(3):
        pool.recall_one()
    assert all(slot.recalled for slot in pool.leased)


async def test_a_pool_is_used_as_long_as_somebody_counts_on_it() -> None:
    pool = make_pool()
    assert pool.unused
    pool.asked = 1
    assert not pool.unused
    assert not make_pool(waiting=1).unused
    used = make_pool(slots=1)
    assert not used.unused
    used.drop(next(iter(used.leased)))
    assert used.unused


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("join"), st.integers(0, 2)),
        st.tuples(st.just("cancel"), st.integers(0, 40)),
        st.tuples(st.just("give"), st.integers(0, 40)),
        st.tuples(st.just("take"), st.just(0)),
        st.tuples(st.just("fail"), st.just(0)),
    ),
    max_size=60,
)


class World:
    """A pool with three slots, and all who ever waited for them."""

    def __init__(self) -> None:
        self.pool = VersionPool(SPEC)
        self.busy = [make_slot() for _ in range(3)]
        self.slots = list(self.busy)
        self.waiters: list[tuple[str, Waiter]] = []
        self.served: set[int] = set()

    def take(self, step: str, number: int) -> None:
        match step:
            case "join":
                self._join(f"caller {number}")
            case "cancel" if self.waiters:
                caller, waiter = self.waiters[number % len(self.waiters)]
                if waiter.cancel():
                    self.pool.waiting.remove(caller, waiter)
            case "give" if self.busy:
                self.pool.give(self.busy.pop(number % len(self.busy)), 0.0)
            case "take" if (slot := self.pool.take_idle()) is not None:
                self.busy.append(slot)
            case "fail":
                self.pool.fail_waiting(LookupError())
        self._serve()

    def _join(self, caller: str) -> None:
        slot = self.pool.take_idle()
        if slot is not None:
            self.busy.append(slot)
            return
        waiter = make_waiter()
        self.waiters.append((caller, waiter))
        self.pool.join(caller, waiter, 0.0)

    def _serve(self) -> None:
        for index, (_, waiter) in enumerate(self.waiters):
            if index not in self.served and has_slot(waiter):
                self.served.add(index)
                self.busy.append(waiter.result())

    def check(self) -> None:
        assert sorted(slot.slot_id for slot in [*self.busy, *self.pool.idle]) == [slot.slot_id for slot in self.slots]
        pending = [waiter for _, waiter in self.waiters if not waiter.done()]
        assert len(self.pool.waiting) == len(pending)
        assert not (pending and self.pool.idle), "a slot is idle while a call waits"

    def close(self) -> None:
        for _, waiter in self.waiters:
            if waiter.done() and not waiter.cancelled():
                waiter.exception()
        for slot in self.slots:
            slot.connection_lost(None)


def has_slot(waiter: Waiter) -> bool:
    return waiter.done() and not waiter.cancelled() and isinstance(waiter.exception() or waiter.result(), LeasedSlot)


@settings(deadline=None)
@given(STEPS)
def test_no_call_and_no_slot_is_lost_or_counted_twice(steps: list[tuple[str, int]]) -> None:
    async def play() -> None:
        world = World()
        for step, number in steps:
            world.take(step, number)
            world.check()
        while world.busy and len(world.pool.waiting):
            world.take("give", 0)
            world.check()
        assert not len(world.pool.waiting)
        world.close()

    asyncio.run(play())
