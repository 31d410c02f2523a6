"""The sums of calls: exactly those of the records, whatever is read twice, and kept when records are removed."""

import uuid
from contextlib import closing
from datetime import UTC, date, datetime, timedelta

import msgspec
import psycopg
import pytest
import redis

from billing.api import (
    check_ledger,
    find_last_uses,
    get_call_record,
    list_call_tree,
    measure_algorithms,
    summarize_calls,
    summarize_spans,
    summarize_usage,
)
from billing.metering.drain import Drain
from billing.metering.events import multiply_memory
from billing.metering.models import CallRecord, UsageDay, UsageHour, UsageMinute
from billing.metering.partitions import ensure_partitions, remove_old_records

from .conftest import append_events, database_address, make_event

NOON = datetime(2031, 5, 20, 12, tzinfo=UTC)
PAYER, AUTHOR, VERSION = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()
KEYS = [uuid.uuid4(), None]


def at(moment: datetime) -> int:
    return round(moment.timestamp()) * 1_000_000


def make_usual(number: int, **changes: object) -> object:
    return make_event(
        payer_id=str(PAYER),
        author_id=str(AUTHOR),
        version_id=str(VERSION),
        key_id=str(KEYS[number % 2]) if KEYS[number % 2] else None,
        member_id=7,
        memory_byte_seconds=50,
        started_at=at(NOON + timedelta(seconds=40 * number)),
        **changes,
    )


@pytest.mark.parametrize("table", [UsageMinute, UsageHour, UsageDay])
def test_each_call_is_in_the_sums_once(table: type[UsageDay], drain: Drain, client: redis.Redis) -> None:
    events = [make_usual(number, outcome="timeout" if number == 3 else "ok") for number in range(6)]
    append_events(client, *events[:4], *events[:2])
    drain.drain_batch()
    append_events(client, *events)
    drain.drain_batch()
    rows = list(table.objects.all())
    assert sum(row.calls for row in rows) == CallRecord.objects.count() == 6
    assert sum(row.failed for row in rows) == 1
    assert sum(row.compute_charge + row.royalty_charge for row in rows) == 6 * 1_301
    assert sum(row.author_share for row in rows) == 6 * 800
    assert sum(row.memory_byte_seconds for row in rows) == 300
    assert {row.key_id for row in rows} == set(KEYS)
    assert {row.member_id for row in rows} == {7}
    assert max(row.latest_at for row in rows) == NOON + timedelta(seconds=200)
    assert len(rows) == (6 if table is UsageMinute else 2)


def test_usage_by_key_member_and_span(drain: Drain, client: redis.Redis) -> None:
    append_events(client, *[make_usual(number) for number in range(5)])
    drain.drain_batch()
    by_key = summarize_usage(payer_id=PAYER, by="key", since=NOON, limit=5)
    assert [(line.identity, line.totals.calls) for line in by_key] == [((KEYS[0],), 3), ((None,), 2)]
    [member] = summarize_usage(author_id=AUTHOR, by="member", since=NOON, limit=5)
    assert (member.identity, member.totals.earned) == ((7,), 5 * 800)
    assert summarize_usage(payer_id=PAYER, by="version", since=NOON, until=NOON - timedelta(days=1), limit=5) == []
    minutes = summarize_spans(span="minute", payer_id=PAYER, since=NOON, until=NOON + timedelta(minutes=2))
    assert [(line.starts_at, line.totals.calls) for line in minutes] == [
        (NOON, 2),
        (NOON + timedelta(minutes=1), 1),
    ]
    assert find_last_uses(payer_id=PAYER, since=NOON) == {KEYS[0]: NOON + timedelta(seconds=160)}


def test_percentiles_come_from_counts_by_length(drain: Drain, client: redis.Redis) -> None:
    lengths = [1_000] * 98 + [64_000, 9_000_000]
    append_events(client, *[make_usual(0, run_us=run_us) for run_us in lengths])
    drain.drain_batch()
    measured = measure_algorithms(author_ids=[AUTHOR], algorithms=["ann/echo"], since=NOON)
    assert measured["ann/echo"].median_run_us == 1_000
    assert measured["ann/echo"].p99_run_us == 64_000


def test_old_records_go_by_the_day_and_their_sums_stay(drain: Drain, client: redis.Redis) -> None:
    with closing(psycopg.connect(database_address(), autocommit=True)) as connection:
        connection.execute("CREATE TEMPORARY TABLE like_a_partition_69338577 ()")  # PostgreSQL names some so itself
        for days in (0, 40):
            ensure_partitions(connection, date(2031, 5, 1) + timedelta(days=days))
        old, new = (
            make_event(payer_id=str(PAYER), started_at=at(datetime(2031, month, 3, tzinfo=UTC))) for month in (5, 6)
        )
        ancient = make_event(payer_id=str(PAYER), started_at=at(datetime(2001, 1, 3, tzinfo=UTC)))
        append_events(client, old, new, ancient)
        drain.drain_batch()
        assert remove_old_records(connection, before=date(2031, 6, 1)) >= 8
        assert [str(call) for call in CallRecord.objects.values_list("call_id", flat=True)] == [new.call_id]
        assert summarize_calls(payer_id=PAYER, since=datetime(2000, 1, 1, tzinfo=UTC)).calls == 3
        assert get_call_record(call_id=uuid.UUID(old.call_id)) is None
        remove_old_records(connection, before=date(2031, 7, 1))


def test_a_tree_is_found_by_its_root_and_payer(drain: Drain, client: redis.Redis) -> None:
    root = make_usual(0)
    parts = [make_usual(number, root_id=root.call_id, parent_id=root.call_id) for number in (2, 1)]
    stranger = msgspec.structs.replace(make_event(), root_id=root.call_id)
    append_events(client, root, *parts, stranger)
    drain.drain_batch()
    tree = list_call_tree(root_id=uuid.UUID(root.call_id), payer_id=PAYER, limit=10)
    assert [str(line.call_id) for line in tree] == [parts[1].call_id, parts[0].call_id]
    assert [line.cost for line in tree] == [1_301, 1_301]
    assert check_ledger().in_order


def test_memory_is_held_for_the_time_that_the_call_ran() -> None:
    assert multiply_memory(byte_count=20_000_000, microseconds=1_500_000) == 30_000_000
    assert multiply_memory(byte_count=0, microseconds=5) == 0
