"""Search finds what people mean; `make search-bench` says the same of the whole catalogue, with times."""

import statistics

import pytest

from tests.search.catalogue import insert_realistic_catalogue
from tests.search.measure import ask_all


@pytest.mark.django_db
def test_what_was_meant_stands_first_or_nearly() -> None:
    answers = ask_all(insert_realistic_catalogue(1_300))
    assert len(answers) == 60
    missed = [answer.query.words for answer in answers if not answer.reciprocal_rank]
    assert statistics.mean(answer.reciprocal_rank for answer in answers) > 0.85, missed
