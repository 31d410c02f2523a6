"""The drain: each event exactly once, whatever lies in the stream."""

import threading
import time
import uuid
from contextlib import closing

import msgspec
import psycopg
import pytest
import redis
from django.conf import settings

from billing.api import check_ledger, get_balance, get_call_record, get_earnings, share_royalty
from billing.ledger.models import AccountKind, LedgerAccount, LedgerEntry, LedgerTransaction
from billing.metering import drain as draining
from billing.metering.drain import REJECTED, Drain, Drained
from billing.metering.events import STREAM
from billing.metering.models import CallRecord

from .conftest import append_events, database_address, make_event


def test_an_event_becomes_a_record_and_a_posting(drain: Drain, client: redis.Redis) -> None:
    event = make_event(parent_id=str(uuid.uuid4()), cold=True, load_us=5)
    append_events(client, event)

    assert drain.drain_batch() == Drained(1, 1, 1, 0)

    record = get_call_record(call_id=uuid.UUID(event.call_id))
    assert record is not None
    for name in msgspec.structs.asdict(event).keys() - {"started_at"}:
        told, kept = getattr(event, name), getattr(record, name)
        assert str(kept) == str(told), name
    assert round(record.started_at.timestamp() * 1_000_000) == event.started_at
    assert get_balance(uuid.UUID(event.payer_id)) == -1_301
    assert get_earnings(uuid.UUID(event.author_id)) == 800
    assert LedgerAccount.objects.get(kind=AccountKind.PLATFORM_REVENUE).balance == 501
    posted = LedgerTransaction.objects.get()
    assert (posted.id, posted.kind, posted.cause) == (uuid.UUID(event.call_id), "call", "ann/echo@1.0.0")
    assert client.xlen(STREAM) == 0
    assert check_ledger().in_order


def test_a_call_that_cost_nothing_is_recorded_and_not_posted(drain: Drain, client: redis.Redis) -> None:
    append_events(
        client, make_event(outcome="timeout", error_type="Timeout", compute_charge=0, royalty_charge=0, key_id=None)
    )
    assert drain.drain_batch() == Drained(1, 1, 0, 0)
    assert LedgerEntry.objects.count() == 0
    assert check_ledger().in_order


def test_a_royalty_too_small_to_share_makes_no_empty_entry(drain: Drain, client: redis.Redis) -> None:
    append_events(client, make_event(compute_charge=0, royalty_charge=1), make_event(royalty_charge=0))
    assert drain.drain_batch() == Drained(2, 2, 2, 0)
    assert LedgerEntry.objects.count() == 4


def test_calls_of_one_payer_and_version_are_posted_together(drain: Drain, client: redis.Redis) -> None:
    one, other = make_event(), make_event(algorithm="bob/other", version="2.0.0")
    same = {name: getattr(one, name) for name in ("payer_id", "author_id", "version_id")}
    again = [make_event(**same, compute_charge=charge) for charge in (1, 20, 300)]
    free = make_event(**same, compute_charge=0, royalty_charge=0)
    append_events(client, one, again[0], other, *again[1:], free)

    assert drain.drain_batch() == Drained(6, 6, 5, 0)

    shared, alone = LedgerTransaction.objects.order_by("cause")
    assert (shared.cause, alone.cause) == ("ann/echo@1.0.0 \u00d7 4", "bob/other@2.0.0")
    assert str(alone.id) == other.call_id
    entries = {(entry.debit, entry.credit) for entry in shared.entries.all()}
    assert entries == {(300 + 321 + 4 * 1_001, 0), (0, 4 * 800), (0, 621 + 4 * 201)}
    parts = CallRecord.objects.filter(posting_id=shared.id)
    assert {str(part.call_id) for part in parts} == {one.call_id, *(event.call_id for event in again)}
    assert {(part.author_share, part.recorded_at) for part in parts} == {(800, shared.posted_at)}
    assert CallRecord.objects.get(call_id=free.call_id).posting_id is None
    assert check_ledger().in_order


def test_of_calls_that_came_before_only_the_new_ones_are_posted(drain: Drain, client: redis.Redis) -> None:
    first = make_event()
    same = {name: getattr(first, name) for name in ("payer_id", "author_id", "version_id")}
    second, third = make_event(**same), make_event(**same)
    for events, posted in (([first, second], 2), ([second, third], 1), ([third, first], 0)):
        append_events(client, *events)
        assert drain.drain_batch() == Drained(2, posted, posted, 0)
    assert sorted(LedgerTransaction.objects.values_list("cause", flat=True)) == [
        "ann/echo@1.0.0", "ann/echo@1.0.0 \u00d7 2"
    ]  # fmt: skip
    assert get_balance(uuid.UUID(first.payer_id)) == -3 * 1_301
    assert check_ledger().in_order


def test_repetitions_change_nothing(drain: Drain, client: redis.Redis) -> None:
    events = [make_event() for _ in range(20)]
    append_events(client, *events, *events[:10], events[0])
    assert drain.drain_batch() == Drained(31, 20, 20, 0)
    append_events(client, *events)
    assert drain.drain_batch() == Drained(20, 0, 0, 0)
    assert CallRecord.objects.count() == LedgerTransaction.objects.count() == 20
    assert client.xlen(STREAM) == 0
    assert check_ledger().in_order


def test_the_same_id_in_other_letters_is_the_same_call(drain: Drain, client: redis.Redis) -> None:
    event = make_event()
    append_events(client, event, msgspec.structs.replace(event, call_id=event.call_id.upper()))
    drain.drain_batch()
    assert get_balance(uuid.UUID(event.payer_id)) == -1_301
    assert check_ledger().in_order
    assert client.xlen(STREAM) == 0


def test_the_same_id_in_other_letters_for_another_payer_is_refused(drain: Drain, client: redis.Redis) -> None:
    event = make_event(call_id="ABCDEF00-0000-4000-8000-000000000000")
    other = make_event(call_id=event.call_id.lower())
    append_events(client, event, other)
    assert drain.drain_batch().recorded == 1
    assert {get_balance(uuid.UUID(one.payer_id)) for one in (event, other)} == {-1_301, 0}
    assert check_ledger().in_order
    assert client.xlen(STREAM) == 0


MALFORMED = {
    "not JSON": b"{",
    "not UTF-8": b"\xff",
    "no fields": b"{}",
    "another shape": b'["call"]',
    "not an id": msgspec.json.encode(make_event(call_id="one")),
    "payer is no id": msgspec.json.encode(make_event(payer_id="nobody")),
    "a charge below zero": msgspec.json.encode(make_event(compute_charge=-1_000)),
    "a royalty below zero": msgspec.json.encode(make_event(royalty_charge=-1)),
    "a charge beyond the books": msgspec.json.encode(make_event(compute_charge=2**70)),
    "a sum beyond the books": msgspec.json.encode(make_event(compute_charge=2**63 - 1, royalty_charge=2**63 - 1)),
    "before time": msgspec.json.encode(make_event(started_at=-1)),
    "after time": msgspec.json.encode(make_event(started_at=2**62)),
    "a zero character": msgspec.json.encode(make_event(error_type="\0")),
    "an unknown outcome": msgspec.json.encode(make_event()).replace(b'"ok"', b'"fine"'),
}


@pytest.mark.parametrize("name", sorted(MALFORMED))
def test_what_cannot_be_stored_steps_aside(drain: Drain, client: redis.Redis, name: str) -> None:
    append_events(client, make_event(), MALFORMED[name], make_event())
    assert drain.drain_batch() == Drained(3, 2, 2, 1)
    assert client.xlen(STREAM) == 0
    [(_, fields)] = client.xrange(REJECTED)
    assert fields[b"event"] == MALFORMED[name]
    assert fields[b"reason"]
    assert check_ledger().in_order


def test_an_entry_without_an_event_steps_aside(drain: Drain, client: redis.Redis) -> None:
    entry = client.xadd(STREAM, {"something": "else"})
    assert drain.drain_batch() == Drained(1, 0, 0, 1)
    [(_, fields)] = client.xrange(REJECTED)
    assert fields[b"entry"] == entry
    assert b"else" in fields[b"event"]


def test_two_stories_about_one_call_are_not_both_believed(drain: Drain, client: redis.Redis) -> None:
    event = make_event()
    append_events(client, event, msgspec.structs.replace(event, compute_charge=9_999))
    assert drain.drain_batch() == Drained(2, 1, 1, 1)
    assert get_balance(uuid.UUID(event.payer_id)) == -1_301


def test_many_that_cannot_be_stored_do_not_block_the_others(drain: Drain, client: redis.Redis) -> None:
    good = [make_event() for _ in range(60)]
    bad = [make_event(started_at=-1) for _ in range(5)]
    append_events(client, *[event for group in zip(*[iter(good)] * 12, bad, strict=True) for event in group])
    assert drain.drain_batch() == Drained(65, 60, 60, 5)
    assert client.xlen(REJECTED) == 5
    assert check_ledger().in_order


class ForgetfulRedis(redis.Redis):
    """A Redis whose connection breaks when something is to be removed: as if killed just after the commit."""

    broken = True

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> redis.client.Pipeline:
        if self.broken:
            raise redis.ConnectionError("gone")
        return super().pipeline(transaction, shard_hint)


def test_killed_between_the_commit_and_the_removal(transactional_db: None, client: redis.Redis) -> None:
    events = [make_event() for _ in range(30)]
    append_events(client, *events)
    with (
        closing(psycopg.connect(database_address(), autocommit=True)) as connection,
        ForgetfulRedis.from_url(settings.REDIS_URL) as forgetful,
    ):
        drain = Drain(connection, forgetful, share_royalty)
        for _ in range(2):
            with pytest.raises(redis.ConnectionError):
                drain.drain_batch()
        assert client.xlen(STREAM) == 5
        forgetful.broken = False
        assert drain.drain_batch() == Drained(30, 0, 0, 0)
    assert CallRecord.objects.count() == LedgerTransaction.objects.count() == 30
    assert client.xlen(STREAM) == 0
    assert check_ledger().in_order


def test_two_drains_without_the_lock_still_post_once(drain: Drain, client: redis.Redis) -> None:
    events = [make_event() for _ in range(300)]
    append_events(client, *events)
    with closing(psycopg.connect(database_address(), autocommit=True)) as connection:
        other = Drain(connection, client, share_royalty)
        results: list[Drained] = []
        threads = [threading.Thread(target=lambda one=one: results.append(one.drain_batch())) for one in (drain, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sum(result.recorded for result in results) == 300
    assert sum(result.posted for result in results) == 300
    assert check_ledger().in_order
    assert client.xlen(STREAM) == 0


def test_one_drain_works_and_the_other_takes_over(transactional_db: None, client: redis.Redis) -> None:
    stops = [threading.Event(), threading.Event()]
    threads = [
        threading.Thread(
            target=draining.run,
            kwargs={
                "conninfo": database_address(),
                "redis_url": settings.REDIS_URL,
                "share_royalty": share_royalty,
                "stop": stop.is_set,
            },
        )
        for stop in stops
    ]
    for thread in threads:
        thread.start()
    try:
        for batch, stop in enumerate(stops, start=1):
            append_events(client, *[make_event() for _ in range(50)])
            wait_for_records(50 * batch)
            stop.set()
    finally:
        for stop in stops:
            stop.set()
        for thread in threads:
            thread.join(10)
    assert not any(thread.is_alive() for thread in threads)
    assert CallRecord.objects.count() == LedgerTransaction.objects.count() == 100
    assert check_ledger().in_order


def wait_for_records(count: int) -> None:
    deadline = time.monotonic() + 15
    while CallRecord.objects.count() < count:
        assert time.monotonic() < deadline, "the drain did not record in time"
        time.sleep(0.02)
