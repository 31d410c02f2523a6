"""What an idle slot is worth."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from execution.leasing.pool import VersionPool
from execution.leasing.worth import (
    HORIZON_SECONDS,
    MEMORY_SECONDS,
    MOST_KEPT_SECONDS,
    CallRate,
    keep_seconds,
    worth,
)

from .slots import SPEC, make_slot

MEBIBYTE = 1 << 20
loads = st.floats(0.001, 600)
rates = st.floats(0, 1000)
memories = st.integers(1, 1 << 40)
factors = st.floats(1, 100)


def test_an_example() -> None:
    """A model that takes 10 s to load and is called every minute, and a script that is called ten times a second."""
    model = worth(load_seconds=10.0, calls_per_second=1 / HORIZON_SECONDS, memory_bytes=500 * MEBIBYTE)
    script = worth(load_seconds=0.005, calls_per_second=10.0, memory_bytes=10 * MEBIBYTE)
    assert model == pytest.approx(10.0 * (1 - 1 / math.e) / (500 * MEBIBYTE))
    assert model > 20 * script


def test_what_nobody_calls_is_worth_nothing() -> None:
    assert worth(load_seconds=60.0, calls_per_second=0.0, memory_bytes=1) == 0.0


@given(loads, rates, memories, factors)
def test_more_to_load_is_worth_more_and_more_memory_less(load: float, rate: float, memory: int, factor: float) -> None:
    plain = worth(load_seconds=load, calls_per_second=rate, memory_bytes=memory)
    assert worth(load_seconds=load * factor, calls_per_second=rate, memory_bytes=memory) >= plain
    assert worth(load_seconds=load, calls_per_second=rate * factor, memory_bytes=memory) >= plain
    assert worth(load_seconds=load, calls_per_second=rate, memory_bytes=math.ceil(memory * factor)) <= plain
    assert 0 <= plain <= load


@given(st.lists(st.tuples(st.integers(0, 100), st.floats(0.01, 10)), max_size=50))
def test_a_rate_is_between_nothing_and_the_fastest(steps: list[tuple[int, float]]) -> None:
    rate = CallRate()
    for calls, seconds in steps:
        rate.observe(calls, seconds)
    assert 0 <= rate.per_second <= sum(calls for calls, _ in steps) / MEMORY_SECONDS


def test_a_steady_rate_is_learnt_and_forgotten() -> None:
    rate = CallRate()
    for _ in range(600):
        rate.observe(3, 1.0)
    assert rate.per_second == pytest.approx(3.0, rel=0.02)
    rate.observe(0, 10 * MEMORY_SECONDS)
    assert rate.per_second < 0.001


@given(loads)
def test_what_takes_long_to_load_is_kept_for_longer_but_not_for_ever(load: float) -> None:
    assert 60.0 <= keep_seconds(load, at_least=60.0) <= MOST_KEPT_SECONDS
    assert keep_seconds(load, at_least=60.0) <= keep_seconds(2 * load, at_least=60.0)


def test_examples_of_keeping() -> None:
    assert keep_seconds(0.003, at_least=60.0) == 60.0
    assert keep_seconds(5.0, at_least=60.0) == 600.0


async def test_the_last_of_many_slots_is_worth_less_than_the_first() -> None:
    """Calls go to the one that was used last, so that the others are used only when they are needed."""
    pool = VersionPool(SPEC)
    often, seldom = make_slot(), make_slot()
    for slot in (often, seldom):
        pool.add(slot, 0.0)
        pool.give(slot, 0.0)
    often.calls, seldom.calls = 100, 1
    for slot in (often, seldom):
        slot.observe_rate(1.0)
    assert pool.worth_of(often) > pool.worth_of(seldom)
    often.observe_rate(20 * MEMORY_SECONDS)
    assert pool.worth_of(often) < pool.worth_of(seldom)
    for slot in (often, seldom):
        slot.connection_lost(None)


async def test_of_two_that_are_worth_the_same_the_one_used_last_is_kept() -> None:
    pool = VersionPool(SPEC)
    before, last = make_slot(), make_slot()
    for slot, now in ((before, 1.0), (last, 2.0)):
        pool.add(slot, now)
        pool.give(slot, now)
    assert pool.worth_of(before) < pool.worth_of(last)
    for slot in (before, last):
        slot.connection_lost(None)
