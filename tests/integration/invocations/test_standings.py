"""What the clock counts for the store."""

from datetime import timedelta

import pytest
from django.utils import timezone

from marketplace.accounts.models import User
from marketplace.algorithms.models import Standing
from marketplace.algorithms.standings import find_input_kind
from marketplace.invocations.standings import refresh_standings
from marketplace.reviews.services import set_star
from tests.factories.calls import record_calls
from tests.factories.catalogue import make_algorithm, make_version


def test_calls_price_and_rise_are_counted_and_stars_stay(alice: User, bob: User) -> None:
    rising, falling, private = (
        make_version(make_algorithm(name, by=alice, public=name != "hidden"), sample_input='"text"', royalty_per_call=7)
        for name in ("rising", "falling", "hidden")
    )
    now = timezone.now()
    record_calls(rising, 40, run_us=1_000_000)
    record_calls(falling, 2)
    record_calls(falling, 40, at=now - timedelta(days=9))
    set_star(algorithm=rising.algorithm, user=bob, starred=True)
    assert refresh_standings(now=now) == refresh_standings(now=now) == 2
    up, down = (Standing.objects.get(algorithm=version.algorithm) for version in (rising, falling))
    assert (up.calls, up.stars, up.input_kind, down.calls) == (40, 1, "text", 42)
    assert up.rising > 0 > down.rising
    assert up.price is not None
    assert up.price >= 7
    assert not Standing.objects.filter(algorithm=private.algorithm).exists()


@pytest.mark.parametrize(
    ("sample", "kind"),
    [
        ("", ""),
        ("null", ""),
        ("true", ""),
        ("{", ""),
        ('"hello"', "text"),
        ("1.5", "number"),
        ("[1]", "list"),
        ('{"a": 1}', "object"),
        ('{"image": "iVBORw0KGgoAAA"}', "image"),
        ('"https://example.com/cat.JPG"', "image"),
        ("[" * 100_000, ""),
    ],
)
def test_the_kind_of_an_input(sample: str, kind: str) -> None:
    assert find_input_kind(sample) == kind
