"""The daily partitions of the call records."""

import uuid
from datetime import UTC, date, datetime

import pytest
import redis
from django.db import connection

from billing.api import ensure_partitions, get_call_record
from billing.metering.drain import Drain

from .conftest import append_events, make_event


def partition_of(call_id: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM metering_call_record WHERE call_id = %s", [call_id])
        return str(cursor.fetchone()[0])


@pytest.mark.django_db
def test_today_and_the_week_after_once() -> None:
    today = date(2040, 2, 26)
    assert ensure_partitions(today) == 8
    assert ensure_partitions(today) == 0
    assert ensure_partitions(date(2040, 2, 27)) == 1


@pytest.mark.django_db(transaction=True)
def test_early_records_wait_in_the_default_partition_and_move(drain: Drain, client: redis.Redis) -> None:
    day = date(2041, 7, 1)
    moments = [datetime(2041, 7, 1, tzinfo=UTC), datetime(2041, 7, 1, 23, 59, 59, 999_999, tzinfo=UTC)]
    events = [make_event(started_at=int(moment.timestamp() * 1_000_000)) for moment in moments]
    next_week = make_event(started_at=int(datetime(2041, 7, 9, tzinfo=UTC).timestamp()) * 1_000_000)
    append_events(client, *events, next_week)
    drain.drain_batch()
    assert {partition_of(event.call_id) for event in events} == {"metering_call_record_default"}

    try:
        assert ensure_partitions(day) == 8
        assert {partition_of(event.call_id) for event in events} == {"metering_call_record_20410701"}
        assert partition_of(next_week.call_id) == "metering_call_record_default"
        assert get_call_record(call_id=uuid.UUID(events[0].call_id)) is not None
        append_events(client, *events)
        assert drain.drain_batch().recorded == 0
    finally:
        drop_partitions("204107")


def drop_partitions(prefix: str) -> None:
    with connection.cursor() as cursor:
        for day in range(1, 9):
            cursor.execute(f"DROP TABLE IF EXISTS metering_call_record_{prefix}{day:02}")
