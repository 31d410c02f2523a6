"""The hot balances: what each organization may still spend, in Redis, so that a call needs no database.

Calls charge them in the writer's script; everything else that moves a customer's balance changes them here, after its
commit, and tells the gateways.
"""

import json
import logging
import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

import msgspec
import redis
from django.conf import settings
from django.db import connection, transaction

from billing.metering.events import BALANCES, STREAM, MeterEvent, split_lines

CHANGES = "directory:changes"
"""The channel on which gateways hear what to read again (its messages are the directory's `Change`)."""

# One statement, so that the balances and the knowledge of which events are in them are of one moment.
POSTED = """
SELECT organization_id::text, balance, NULL FROM ledger_account WHERE kind = 'customer'
UNION ALL
SELECT NULL, NULL, call_id::text FROM metering_call_record WHERE call_id = ANY(%s::uuid[])
"""

logger = logging.getLogger(__name__)
decoder = msgspec.json.Decoder(MeterEvent)


@dataclass(frozen=True)
class BalanceDifference:
    """A hot balance that is not what the ledger and the meter stream say, in micro-credits."""

    organization_id: uuid.UUID
    hot: int
    expected: int


@dataclass(frozen=True)
class RebuildReport:
    """How many missing hot balances were set, and which of the others differ; nothing is done about those."""

    restored: int
    differences: tuple[BalanceDifference, ...]


def connect() -> redis.Redis:
    """A client of the platform's Redis, to be used as a context manager."""
    return redis.Redis.from_url(settings.REDIS_URL, client_name="hot-balances")


def add_on_commit(*, organization_id: uuid.UUID, amount: int) -> None:
    """Adds to the hot balance when the current transaction commits; a Redis that is away then is only logged."""

    def add() -> None:  # not a partial, which Django cannot name in its log
        add_to_balance(organization_id=organization_id, amount=amount)

    transaction.on_commit(add, robust=True)


def add_to_balance(*, organization_id: uuid.UUID, amount: int) -> None:
    """Adds micro-credits (negative: takes) to the hot balance and tells the gateways."""
    with connect() as client, client.pipeline(transaction=True) as pipeline:
        pipeline.hincrby(BALANCES, str(organization_id), amount)
        pipeline.publish(CHANGES, _change(str(organization_id)))
        pipeline.execute()


def rebuild_hot_balances() -> RebuildReport:
    """Sets each missing hot balance to the ledger's, less the charges that are still in the meter stream.

    Meant for a start, before calls are taken: while calls and grants go on, differences that are merely in flight are
    reported too. Safe to repeat.
    """
    with connect() as client:
        hot, events = _read_redis(client)
        expected = _expect(events)
        missing = {field: amount for field, amount in expected.items() if field not in hot}
        restored = sum(_restore(client, field, amount) for field, amount in missing.items())
    differences = [
        BalanceDifference(uuid.UUID(field), hot[field], amount)
        for field, amount in expected.items()
        if field in hot and hot[field] != amount
    ]
    for difference in differences:
        logger.warning("The hot balance differs from the ledger: %s", difference)
    return RebuildReport(restored, tuple(differences))


def read_pending_events() -> list[MeterEvent]:
    """The events that the drain has not removed from the stream; it may have recorded the oldest of them."""
    with connect() as client:
        return _read_redis(client)[1]


def _read_redis(client: redis.Redis) -> tuple[dict[str, int], list[MeterEvent]]:
    """The hot balances and the events not yet drained, of one moment."""
    with client.pipeline(transaction=True) as pipeline:
        pipeline.hgetall(BALANCES)
        pipeline.xrange(STREAM)
        balances, entries = cast(
            "tuple[dict[bytes, bytes], list[tuple[bytes, dict[bytes, bytes]]]]", tuple(pipeline.execute())
        )
    hot = {field.decode(): int(amount) for field, amount in balances.items()}
    return hot, list(_decode(text for _, fields in entries for text in split_lines(fields)))


def _decode(texts: Iterable[bytes]) -> Iterable[MeterEvent]:
    """The events that can be read; the drain deals with the others."""
    for text in texts:
        try:
            yield decoder.decode(text)
        except msgspec.DecodeError:
            continue


def _expect(events: list[MeterEvent]) -> dict[str, int]:
    """What each customer's hot balance should be: the ledger's less the charges not yet recorded."""
    charges = {event.call_id: event for event in events}
    with connection.cursor() as cursor:
        cursor.execute(POSTED, [list(charges)])
        rows = cursor.fetchall()
    balances = {organization: balance for organization, balance, _ in rows if organization is not None}
    for call_id in (row[2] for row in rows if row[2] is not None):
        charges.pop(call_id, None)
    pending: Counter[str] = Counter()
    for event in charges.values():
        pending[event.payer_id] += event.compute_charge + event.royalty_charge
    return {field: balances.get(field, 0) - pending[field] for field in balances.keys() | pending.keys()}


def _restore(client: redis.Redis, field: str, amount: int) -> bool:
    """Sets the hot balance unless somebody was faster, and tells the gateways."""
    if not client.hsetnx(BALANCES, field, str(amount)):
        return False
    client.publish(CHANGES, _change(field))
    return True


def _change(field: str) -> str:
    return json.dumps({"kind": "balances", "field": field})
