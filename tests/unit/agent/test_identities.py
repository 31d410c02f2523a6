"""Host users for slots."""

import pytest

from execution.agent.identities import Identities


def test_no_number_is_given_twice() -> None:
    identities = Identities(600_000, count=4, start=2)
    assert [identities.take() for _ in range(4)] == [600_002, 600_003, 600_000, 600_001]
    with pytest.raises(IndexError):
        identities.take()


def test_the_number_given_back_last_comes_last() -> None:
    identities = Identities(10, count=3)
    first = identities.take()
    identities.give_back(first)
    assert [identities.take() for _ in range(3)] == [11, 12, first]


def test_a_number_that_is_still_taken_is_passed_over() -> None:
    identities = Identities(10, count=3)
    taken = [identities.take() for _ in range(3)]
    identities.give_back(taken[1])
    assert identities.take() == taken[1]
