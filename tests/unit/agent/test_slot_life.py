"""Pure parts of a slot's life."""

import pytest

from execution.agent.slot import TRANSITIONS, Ending, SlotState, describe_ending


@pytest.mark.parametrize(
    ("code", "ending"),
    [
        (0, Ending(exit_code=0)),
        (7, Ending(exit_code=7)),
        (128, Ending(exit_code=128)),
        (137, Ending(signal=9)),
        (139, Ending(signal=11)),
        (-9, Ending(signal=9)),
        (255, Ending(exit_code=255)),
    ],
)
def test_endings(code: int, ending: Ending) -> None:
    assert describe_ending(code, out_of_memory=False, log_tail="") == ending


def test_every_life_ends_and_none_begins_again() -> None:
    assert set(TRANSITIONS) == set(SlotState)
    assert TRANSITIONS[SlotState.ENDED] == frozenset()
    for state in set(SlotState) - {SlotState.ENDED}:
        assert SlotState.ENDED in TRANSITIONS[state]
        assert SlotState.BOOTING not in TRANSITIONS[state]


def test_a_leased_slot_is_never_warm_or_loaded_again() -> None:
    assert TRANSITIONS[SlotState.LEASED] == {SlotState.ENDED}
    assert TRANSITIONS[SlotState.LOADING] == {SlotState.LEASED, SlotState.ENDED}
