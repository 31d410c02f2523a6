"""The queue: fair between callers, in order for each of them, and nobody is lost or served twice."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from execution.leasing.waiting import FairQueue

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.sampled_from("abc")),
        st.tuples(st.just("take"), st.none()),
        st.tuples(st.just("remove"), st.integers(0, 30)),
    ),
    max_size=60,
)


def test_callers_take_turns() -> None:
    queue: FairQueue[str] = FairQueue()
    for item in ("a1", "a2", "a3", "b1", "c1", "c2"):
        queue.add(item[0], item)
    assert [queue.take() for _ in range(len(queue))] == ["a1", "b1", "c1", "a2", "c2", "a3"]


def test_a_late_caller_does_not_wait_for_another_ones_thousand() -> None:
    queue: FairQueue[int] = FairQueue()
    for number in range(1_000):
        queue.add("busy", number)
    queue.add("late", -1)
    assert -1 in (queue.take(), queue.take())


def test_nobody_to_take() -> None:
    queue: FairQueue[int] = FairQueue()
    with pytest.raises(IndexError, match="nobody waits"):
        queue.take()


@given(STEPS)
def test_nobody_is_lost_or_served_twice(steps: list[tuple[str, str | int | None]]) -> None:
    """Against a plain list: what is in the queue, in which order for each caller, and whose turn it may be."""
    queue: FairQueue[int] = FairQueue()
    expected: list[tuple[str, int]] = []
    number = 0
    for step, argument in steps:
        if step == "add":
            number += 1
            queue.add(str(argument), number)
            expected.append((str(argument), number))
        elif step == "remove":
            caller = next((name for name, item in expected if item == argument), "a")
            queue.remove(caller, int(argument or 0))
            expected = [entry for entry in expected if entry[1] != argument]
        elif expected:
            item = queue.take()
            caller = next(name for name, known in expected if known == item)
            assert item == min(known for name, known in expected if name == caller)
            expected.remove((caller, item))
        assert len(queue) == len(expected)
    assert sorted(queue.take() for _ in range(len(queue))) == sorted(item for _, item in expected)


@given(st.dictionaries(st.sampled_from("abcd"), st.integers(1, 12), min_size=1))
def test_while_all_wait_nobody_is_more_than_one_turn_ahead(items: dict[str, int]) -> None:
    queue: FairQueue[tuple[str, int]] = FairQueue()
    for caller, number in items.items():
        for index in range(number):
            queue.add(caller, (caller, index))
    served = dict.fromkeys(items, 0)
    while len(queue):
        caller, _ = queue.take()
        served[caller] += 1
        unfinished = [served[name] for name in items if served[name] < items[name]]
        assert served[caller] <= min(unfinished, default=served[caller]) + 1


def test_many_who_give_up_at_once_take_no_time() -> None:
    queue: FairQueue[int] = FairQueue()
    for number in range(100_000):
        queue.add("busy", number)
    began = time.process_time()
    for number in reversed(range(100_000)):
        queue.remove("busy", number)
    assert not len(queue)
    assert time.process_time() - began < 5, "it would be minutes if each looked through all"
