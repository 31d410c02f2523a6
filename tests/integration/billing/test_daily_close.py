"""The close of a day: what it proves, and what it finds."""

import uuid
from datetime import timedelta

import pytest
import redis
from django.db import connection
from django.utils import timezone

from billing.api import CREDIT, check_ledger, close_books, grant_credits, list_closes, open_account
from billing.ledger.models import AccountKind, TransactionKind
from billing.ledger.selectors import get_balance_at
from billing.ledger.services import Movement, post_transaction
from billing.ledger.services import open_account as open_ledger_account
from billing.metering.drain import Drain

from .conftest import append_events, make_event


def test_a_day_in_order_is_closed_and_carried_on(drain: Drain, client: redis.Redis) -> None:
    payer = uuid.uuid4()
    open_account(organization_id=payer, free_credits=5)
    event = make_event(payer_id=str(payer))
    append_events(client, event)
    client.hincrby("billing:balances", str(payer), -1_301)
    drain.drain_batch()
    open_account(organization_id=uuid.UUID(event.author_id), free_credits=0)
    noon = timezone.now()
    first = close_books(until=noon, closed_at=noon)
    assert (first.differences, first.calls_recorded, first.calls_posted, first.transactions) == ({}, 1, 1, 2)
    assert close_books(until=noon, closed_at=noon).pk == first.pk
    grant_credits(grant_id=uuid.uuid4(), organization_id=payer, amount=7, cause="gift")
    later = timezone.now()
    second = close_books(until=later, closed_at=later)
    assert (second.differences, second.calls_recorded, second.transactions) == ({}, 0, 1)
    assert [close.pk for close in list_closes(5)] == [second.pk, first.pk]
    balances = [
        get_balance_at(kind=AccountKind.CUSTOMER, organization_id=payer, at=at)
        for at in (noon, later, noon - timedelta(days=1))
    ]
    assert balances == [5 * CREDIT - 1_301, 5 * CREDIT - 1_301 + 7, 0]
    assert get_balance_at(kind=AccountKind.AUTHOR, organization_id=uuid.UUID(event.author_id), at=later) == 800


def test_a_close_says_what_differs(drain: Drain, client: redis.Redis) -> None:
    event = make_event()
    append_events(client, event, make_event())
    drain.drain_batch()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM metering_call_record WHERE call_id = %s", [event.call_id])
    client.hset("billing:balances", event.payer_id, 5)
    now = timezone.now()
    differences = close_books(until=now, closed_at=now).differences
    assert differences.keys() == {"postings_without_call", "records_less_postings", "hot_balances"}
    assert differences["records_less_postings"] == -1_301
    assert {"organization_id": event.payer_id, "hot": 5, "expected": -1_301} in differences["hot_balances"]


def test_a_call_missing_of_several_that_were_posted_together_is_found(drain: Drain, client: redis.Redis) -> None:
    one = make_event()
    other = make_event(payer_id=one.payer_id, author_id=one.author_id, version_id=one.version_id)
    append_events(client, one, other)
    drain.drain_batch()
    assert check_ledger().in_order
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM metering_call_record WHERE call_id = %s", [one.call_id])
    assert check_ledger().faults == {"wrong_amounts": 1}
    now = timezone.now()
    differences = close_books(until=now, closed_at=now).differences
    assert {name: differences.get(name) for name in ("wrong_amounts", "records_less_postings")} == {
        "wrong_amounts": 1, "records_less_postings": -1_301
    }  # fmt: skip


def test_a_call_that_was_never_posted_is_found(drain: Drain, client: redis.Redis) -> None:
    event = make_event()
    append_events(client, event)
    drain.drain_batch()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE metering_call_record SET posting_id = NULL WHERE call_id = %s", [event.call_id])
    assert check_ledger().faults == {"calls_not_posted": 1, "postings_without_call": 1}
    now = timezone.now()
    differences = close_books(until=now, closed_at=now).differences
    assert differences.keys() >= {"calls_not_posted", "postings_without_call"}


@pytest.mark.django_db(transaction=True)
def test_what_is_posted_into_a_closed_day_is_found_at_the_next_close(client: redis.Redis) -> None:
    now = timezone.now()
    accounts = [open_ledger_account(kind=kind) for kind in (AccountKind.SUSPENSE, AccountKind.PROMOTIONS)]
    close_books(until=now - timedelta(hours=1), closed_at=now)
    post_transaction(
        transaction_id=uuid.uuid4(),
        kind=TransactionKind.CORRECTION,
        cause="late",
        movements=[Movement(accounts[0], 5), Movement(accounts[1], -5)],
        posted_at=now - timedelta(days=1),
    )
    assert close_books(until=now, closed_at=now).differences == {"wrong_balances": 2}
