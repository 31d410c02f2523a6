"""The hot balances follow the ledger, and can be made anew from it."""

import json
import uuid
from collections.abc import Iterator

import pytest
import redis
from django.db import transaction
from pytest_django import Settings

from billing.api import CREDIT, get_balance, grant_credits, open_account, rebuild_hot_balances
from billing.metering.drain import Drain
from billing.metering.events import BALANCES
from billing.metering.hot_balances import CHANGES

from .conftest import append_events, make_event

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def changes(client: redis.Redis) -> Iterator[redis.client.PubSub]:
    with client.pubsub(ignore_subscribe_messages=True) as subscription:
        subscription.subscribe(CHANGES)
        assert subscription.get_message(timeout=5) is None
        yield subscription


def hot(client: redis.Redis, organization: uuid.UUID) -> int | None:
    found = client.hget(BALANCES, str(organization))
    return None if found is None else int(found)


def charge(client: redis.Redis, organization: uuid.UUID) -> None:
    """What the meter's writer does: an event in the stream and its cost off the hot balance."""
    append_events(client, make_event(payer_id=str(organization)))
    client.hincrby(BALANCES, str(organization), -1_301)


def test_a_new_account_has_its_free_credits_once(client: redis.Redis, changes: redis.client.PubSub) -> None:
    organization = uuid.uuid4()
    for _ in range(2):
        open_account(organization_id=organization, free_credits=10)
    assert get_balance(organization) == hot(client, organization) == 10 * CREDIT
    message = changes.get_message(timeout=5)
    assert message is not None
    assert json.loads(message["data"]) == {"kind": "balances", "field": str(organization)}


def test_an_account_without_free_credits_is_known_to_the_gateways(client: redis.Redis) -> None:
    organization = uuid.uuid4()
    open_account(organization_id=organization, free_credits=0)
    assert hot(client, organization) == 0


def test_nothing_is_told_when_the_transaction_is_undone(client: redis.Redis) -> None:
    organization = uuid.uuid4()
    with transaction.atomic():
        open_account(organization_id=organization, free_credits=10)
        assert hot(client, organization) is None
        transaction.set_rollback(True)
    assert hot(client, organization) is None
    assert get_balance(organization) == 0


def test_lost_balances_come_back_less_the_charges_not_yet_posted(client: redis.Redis, drain: Drain) -> None:
    known = uuid.uuid4()
    open_account(organization_id=known, free_credits=1)
    charge(client, known)
    drain.drain_batch()
    charge(client, known)
    append_events(client, b"{")
    client.delete(BALANCES)

    report = rebuild_hot_balances()

    assert (report.restored, report.differences) == (1, ())
    assert hot(client, known) == CREDIT - 2 * 1_301
    assert rebuild_hot_balances().restored == 0


def test_an_event_already_posted_but_still_in_the_stream_counts_once(client: redis.Redis, drain: Drain) -> None:
    organization = uuid.uuid4()
    event = make_event(payer_id=str(organization))
    append_events(client, event)
    drain.drain_batch()
    append_events(client, event)
    rebuild_hot_balances()
    assert hot(client, organization) == -1_301


def test_a_wrong_balance_is_reported_and_left_alone(client: redis.Redis) -> None:
    organization = uuid.uuid4()
    open_account(organization_id=organization, free_credits=1)
    client.hincrby(BALANCES, str(organization), 5)
    report = rebuild_hot_balances()
    [difference] = report.differences
    assert (difference.organization_id, difference.hot, difference.expected) == (organization, CREDIT + 5, CREDIT)
    assert hot(client, organization) == CREDIT + 5


def test_a_grant_joins_what_calls_left(client: redis.Redis) -> None:
    organization = uuid.uuid4()
    open_account(organization_id=organization, free_credits=1)
    charge(client, organization)
    grant_credits(grant_id=uuid.uuid4(), organization_id=organization, amount=500, cause="gift")
    assert hot(client, organization) == CREDIT - 1_301 + 500


def test_a_grant_stands_while_redis_is_away(client: redis.Redis, settings: Settings) -> None:
    organization = uuid.uuid4()
    there = settings.REDIS_URL
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    open_account(organization_id=organization, free_credits=1)
    settings.REDIS_URL = there
    assert get_balance(organization) == CREDIT
    assert hot(client, organization) is None
    assert rebuild_hot_balances().restored == 1
    assert hot(client, organization) == CREDIT
