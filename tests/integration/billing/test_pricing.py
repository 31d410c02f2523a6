"""Prices: announced once, in force from a moment on, never changed."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from billing.api import CREDIT, get_price, list_prices, set_price
from billing.errors import PriceConflict

pytestmark = pytest.mark.django_db

MONDAY = datetime(2031, 5, 19, tzinfo=UTC)


def announce(version: uuid.UUID, royalty: int, effective_at: datetime) -> None:
    set_price(version_id=version, compute_per_second=CREDIT, royalty_per_call=royalty, effective_at=effective_at)


def test_a_version_without_a_price_has_the_platforms() -> None:
    price = get_price(version_id=uuid.uuid4(), at=MONDAY)
    assert (price.compute_per_second, price.royalty_per_call, price.effective_at) == (CREDIT, 0, None)


def test_the_price_in_force_is_the_latest_that_has_begun() -> None:
    version = uuid.uuid4()
    announce(version, 5, MONDAY)
    announce(version, 9, MONDAY + timedelta(days=7))
    moments = [-1, 0, 6, 7, 30]
    found = [get_price(version_id=version, at=MONDAY + timedelta(days=day)).royalty_per_call for day in moments]
    assert found == [0, 5, 5, 9, 9]
    assert [price.royalty_per_call for price in list_prices(version_id=version)] == [9, 5]


def test_the_same_announcement_twice_is_one() -> None:
    version = uuid.uuid4()
    announce(version, 5, MONDAY)
    announce(version, 5, MONDAY)
    assert len(list_prices(version_id=version)) == 1


@pytest.mark.parametrize("days", [0, -1])
def test_what_was_announced_stands(days: int) -> None:
    version = uuid.uuid4()
    announce(version, 5, MONDAY)
    with pytest.raises(PriceConflict, match="choose a later day"):
        announce(version, 6, MONDAY + timedelta(days=days))


@pytest.mark.parametrize("statement", ["UPDATE pricing_price SET royalty_per_call = 0", "DELETE FROM pricing_price"])
def test_the_database_refuses_to_change_a_price(statement: str) -> None:
    announce(uuid.uuid4(), 5, MONDAY)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_price_below_zero_is_refused() -> None:
    with pytest.raises(DatabaseError, match="not_negative"), transaction.atomic():
        announce(uuid.uuid4(), -1, MONDAY)
