"""Prices in words."""

from datetime import UTC, datetime

import pytest

from billing.api import CREDIT, PriceTerms
from marketplace.web.store.cards import FAILURE_RULE, describe_price


def terms(compute: int = 0, royalty: int = 0) -> PriceTerms:
    return PriceTerms(
        compute_per_second=compute, royalty_per_call=royalty, effective_at=datetime(2026, 1, 1, tzinfo=UTC)
    )


def test_free() -> None:
    price = describe_price(terms(), 1_000)
    assert (price.text, price.per_call) == ("Free", 0)
    assert price.explanation == "Calls of this algorithm cost nothing."


def test_a_typical_call_is_the_royalty_and_the_median_time() -> None:
    price = describe_price(terms(CREDIT, 2 * CREDIT), 1_120_500)
    assert (price.amount, price.unit, price.text, price.per_call) == ("3.12", "call", "3.12 / call", 3_120_000)
    assert price.explanation == (
        "2 credits per call for the author and 1 credit per second that it runs. " + FAILURE_RULE
    )


@pytest.mark.parametrize(
    ("priced", "text"),
    [
        (terms(CREDIT), "1 / second"),
        (terms(CREDIT, 5 * CREDIT), "5 / call + time"),
        (terms(0, 500_000), "0.5 / call"),
    ],
)
def test_before_the_first_call_the_parts_are_named(priced: PriceTerms, text: str) -> None:
    price = describe_price(priced, None)
    assert price.text == text
    assert price.per_call is None


def test_a_tiny_price_is_not_shown_as_nothing() -> None:
    assert describe_price(terms(CREDIT), 10).text == "<0.0001 / call"
