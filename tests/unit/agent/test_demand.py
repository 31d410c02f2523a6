"""How many slots are kept warm."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from execution.agent.demand import KEPT_SECONDS, MEMORY_SECONDS, Demand, KindDemand
from execution.agent.warm_pool import SlotKind

PYTHON, JAVA, R = SlotKind("python3", False), SlotKind("java", False), SlotKind("r", True)


def lease(demand: Demand, kind: SlotKind, *, every: float, seconds: float) -> float:
    """Leases one at a time; the time at which the last one was made."""
    now = 0.0
    while now < seconds:
        now += every
        demand.of(kind).note_lease(now)
    return now


def test_without_demand_the_floors_are_kept() -> None:
    demand = Demand(floors={PYTHON: 3, JAVA: 0})
    demand.of(JAVA).note_boot(1.0)  # for a floor that was once higher, say
    assert demand.size_pool(0.0, most=10) == {PYTHON: 3, JAVA: 0}


def test_one_lease_keeps_one_slot_for_a_while() -> None:
    demand = Demand(floors={JAVA: 0})
    demand.of(JAVA).note_lease(0.0)
    assert demand.size_pool(KEPT_SECONDS - 1, most=10) == {JAVA: 1}
    assert demand.size_pool(KEPT_SECONDS + 1, most=10) == {JAVA: 0}


def test_slots_that_boot_slowly_and_are_taken_often_are_kept_in_numbers() -> None:
    demand = Demand()
    for _ in range(50):
        demand.of(JAVA).note_boot(2.0)
    now = lease(demand, JAVA, every=0.5, seconds=10 * MEMORY_SECONDS)
    assert demand.of(JAVA).rate(now) == pytest.approx(2.0, rel=0.05)
    assert demand.size_pool(now, most=50) == {JAVA: 9}  # 2 a second, for 2 s: 4, and twice the square root of 4
    assert demand.size_pool(now + 3 * MEMORY_SECONDS, most=50)[JAVA] < 9


def test_a_kind_with_the_network_is_one_of_its_own() -> None:
    demand = Demand(floors={SlotKind("r", False): 0})
    demand.of(R).note_lease(0.0)
    assert demand.size_pool(1.0, most=1) == {SlotKind("r", False): 0, R: 1}


def test_what_is_taken_most_often_has_the_first_room() -> None:
    demand = Demand(floors={PYTHON: 0, JAVA: 0})
    lease(demand, JAVA, every=10.0, seconds=60.0)
    now = lease(demand, PYTHON, every=1.0, seconds=60.0)
    assert demand.size_pool(now, most=1) == {PYTHON: 1, JAVA: 0}
    assert demand.size_pool(now, most=0) == {PYTHON: 0, JAVA: 0}


def test_what_the_operator_has_said_is_kept() -> None:
    demand = Demand(floors={JAVA: 0}, fixed=frozenset({"java"}))
    now = lease(demand, JAVA, every=0.1, seconds=60.0)
    assert demand.size_pool(now, most=10) == {JAVA: 0}


times = st.lists(st.floats(0, 100), max_size=100).map(sorted)


@given(times, times, st.integers(0, 5), st.integers(0, 20), st.floats(0, 1000), st.floats(0.001, 30))
def test_whatever_comes_the_pool_is_between_its_floors_and_its_most(
    python: list[float], java: list[float], floor: int, most: int, later: float, boot: float
) -> None:
    demand = Demand(floors={PYTHON: floor})
    for kind, leases in ((PYTHON, python), (JAVA, java)):
        demand.of(kind).note_boot(boot)
        for now in leases:
            demand.of(kind).note_lease(now)
    targets = demand.size_pool(100 + later, most=most)
    assert targets[PYTHON] >= floor
    assert sum(targets.values()) <= floor + most


@given(times, st.floats(0, 1000))
def test_demand_only_falls_while_nothing_is_leased(leases: list[float], later: float) -> None:
    demand = KindDemand()
    for now in leases:
        demand.note_lease(now)
    assert demand.wanted(100.0) >= demand.wanted(100.0 + later)
