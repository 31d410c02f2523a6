"""What to boot and what to give up."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from execution.agent.warm_pool import Boot, CallIn, Census, GiveUp, SlotKind, refill, relieve, serve

PYTHON, NODE, NETWORKED = SlotKind("python3", False), SlotKind("javascript", False), SlotKind("python3", True)
TARGETS = {PYTHON: 3, NODE: 2}


@pytest.mark.parametrize(
    ("census", "step"),
    [
        pytest.param(Census(), None, id="nobody waits"),
        pytest.param(Census(wanted=[PYTHON]), Boot(PYTHON), id="a lease waits"),
        pytest.param(Census(wanted=[PYTHON], booting={PYTHON: 1}), None, id="its slot boots already"),
        pytest.param(Census(wanted=[PYTHON] * 2, booting={PYTHON: 1}), Boot(PYTHON), id="two wait, one boots"),
        pytest.param(Census(wanted=[PYTHON] * 3, booting={PYTHON: 2}), None, id="enough boots at once"),
        pytest.param(Census(wanted=[NODE, PYTHON], booting={NODE: 1}), Boot(PYTHON), id="the first that is not served"),
        pytest.param(Census(wanted=[PYTHON], resting=frozenset({PYTHON})), None, id="it has just failed to boot"),
        pytest.param(
            Census(wanted=[PYTHON, NODE], resting=frozenset({PYTHON})), Boot(NODE), id="another one is not held up"
        ),
        pytest.param(Census(wanted=[PYTHON], warm={NODE: 2}, max_slots=2), GiveUp(NODE), id="others' warm slots go"),
        pytest.param(Census(wanted=[NETWORKED], warm={PYTHON: 2}, max_slots=2), GiveUp(PYTHON), id="network is a kind"),
        pytest.param(
            Census(wanted=[PYTHON], warm={NODE: 1, NETWORKED: 1}, targets=TARGETS, max_slots=2),
            GiveUp(NETWORKED),
            id="first what is kept beyond its number",
        ),
        pytest.param(Census(wanted=[PYTHON], ending=1, leased=1, max_slots=2), None, id="room is being made"),
        pytest.param(Census(wanted=[PYTHON], leased=2, max_slots=2), CallIn(), id="gateways hold all"),
        pytest.param(Census(wanted=[PYTHON], booting={NODE: 1}, max_slots=1), None, id="only boots: they will be warm"),
        pytest.param(Census(wanted=[PYTHON], memory_left=False, leased=1), CallIn(), id="no memory"),
        pytest.param(Census(wanted=[PYTHON], memory_left=False, warm={NODE: 1}), GiveUp(NODE), id="memory of others"),
    ],
)
def test_serving(census: Census, step: object) -> None:
    assert serve(census) == step


@pytest.mark.parametrize(
    ("census", "step"),
    [
        pytest.param(Census(targets=TARGETS), Boot(PYTHON), id="nothing is warm"),
        pytest.param(Census(targets=TARGETS, warm={PYTHON: 1}), Boot(NODE), id="the smaller part first"),
        pytest.param(Census(targets=TARGETS, warm={PYTHON: 3, NODE: 2}), None, id="all are warm"),
        pytest.param(Census(targets=TARGETS, booting={NODE: 1}), None, id="one at a time"),
        pytest.param(Census(targets=TARGETS, wanted=[NODE]), None, id="leases first"),
        pytest.param(Census(targets=TARGETS, leased=2, max_slots=2), None, id="no room"),
        pytest.param(Census(targets=TARGETS, memory_left=False), None, id="no memory"),
        pytest.param(Census(targets=TARGETS, resting=frozenset({PYTHON})), Boot(NODE), id="one rests"),
        pytest.param(Census(targets={PYTHON: 0}), None, id="none is to be kept"),
        pytest.param(Census(targets=TARGETS, leased=16, max_slots=16), CallIn(), id="leases fill the machine"),
        pytest.param(Census(targets=TARGETS, leased=15, ending=1, max_slots=16), None, id="room is being made"),
        pytest.param(Census(targets=TARGETS, warm={NODE: 2}, leased=14, max_slots=16), None, id="enough are warm"),
    ],
)
def test_refilling(census: Census, step: object) -> None:
    assert refill(census) == step


@pytest.mark.parametrize(
    ("census", "step"),
    [
        pytest.param(Census(targets=TARGETS, warm={PYTHON: 3, NODE: 2}, leased=9), None, id="all is as it should be"),
        pytest.param(Census(targets=TARGETS, warm={PYTHON: 3, NODE: 3}), GiveUp(NODE), id="one too many"),
        pytest.param(Census(targets=TARGETS, warm={NODE: 3}, wanted=[NODE]), None, id="it will be taken"),
        pytest.param(Census(warm={NETWORKED: 1}), GiveUp(NETWORKED), id="none is to be kept"),
        pytest.param(
            Census(targets=TARGETS, warm={PYTHON: 1, NODE: 1}, memory_short=True), GiveUp(NODE), id="no memory"
        ),
        pytest.param(Census(memory_short=True, leased=1), CallIn(), id="no memory, and no warm slot"),
        pytest.param(Census(memory_short=True, leased=1, ending=1), None, id="some will come free in a moment"),
        pytest.param(Census(memory_short=True), None, id="nothing to give up"),
    ],
)
def test_relieving(census: Census, step: object) -> None:
    assert relieve(census) == step


kinds = st.sampled_from([PYTHON, NODE, NETWORKED])
counts = st.dictionaries(kinds, st.integers(0, 4))
censuses = st.builds(
    Census,
    wanted=st.lists(kinds, max_size=5),
    warm=counts,
    booting=counts,
    ending=st.integers(0, 2),
    leased=st.integers(0, 5),
    targets=counts,
    resting=st.frozensets(kinds),
    max_slots=st.integers(1, 8),
    memory_left=st.booleans(),
    memory_short=st.booleans(),
)


@given(censuses)
def test_whatever_happens_the_machine_is_not_overfilled_and_no_warm_slot_is_given_up_that_is_not_there(
    census: Census,
) -> None:
    for step in (serve(census), refill(census), relieve(census)):
        if isinstance(step, Boot):
            assert census.memory_left
            assert census.slots < census.max_slots
            assert step.kind not in census.resting
        if isinstance(step, GiveUp):
            assert census.warm[step.kind] > 0
            assert step.kind not in census.wanted


@given(censuses)
def test_what_is_given_up_for_its_number_is_not_booted_again(census: Census) -> None:
    step = relieve(replace(census, memory_short=False))
    if isinstance(step, GiveUp):
        left = Counter(census.warm) - Counter([step.kind])
        assert refill(replace(census, warm=left)) != Boot(step.kind)


@given(censuses)
def test_the_steps_come_to_an_end(census: Census) -> None:
    """As the fleet takes them: at once, one after the other."""
    for _ in range(100):
        match serve(census):
            case Boot(kind):
                census = replace(census, booting=Counter(census.booting) + Counter([kind]))
            case GiveUp(kind):
                warm = Counter(census.warm) - Counter([kind])
                census = replace(census, warm=warm, ending=census.ending + 1)
            case _:
                return
    pytest.fail("it goes on for ever")
