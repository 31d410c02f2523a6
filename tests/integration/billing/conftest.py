"""Meter events, and the databases that billing's tests write them to."""

import random
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing

import msgspec
import psycopg
import pytest
import redis
from django.conf import settings
from django.db import connections

from billing.api import MeterEvent, share_royalty
from billing.metering.drain import REJECTED, Drain
from billing.metering.events import BALANCES, FIELD, STREAM, WHOLE, join_lines

MakeEvent = Callable[..., MeterEvent]
ENTRY = 7


def make_event(**changes: object) -> MeterEvent:
    """A meter event of a call that went well and cost 300 for compute and 1,001 for royalty."""
    call_id = str(uuid.UUID(int=random.getrandbits(128)))
    usual: dict[str, object] = {
        "call_id": call_id,
        "root_id": call_id,
        "payer_id": str(uuid.uuid4()),
        "author_id": str(uuid.uuid4()),
        "key_id": str(uuid.uuid4()),
        "algorithm": "ann/echo",
        "version_id": str(uuid.uuid4()),
        "version": "1.0.0",
        "environment": "python3",
        "started_at": time.time_ns() // 1_000,
        "queue_us": 12,
        "load_us": 0,
        "run_us": 300,
        "cpu_us": 200,
        "peak_memory_bytes": 20_000_000,
        "bytes_in": 7,
        "bytes_out": 9,
        "cold": False,
        "outcome": "ok",
        "compute_charge": 300,
        "royalty_charge": 1_001,
    }
    return msgspec.convert(usual | changes, MeterEvent)


def append_events(client: redis.Redis, *events: MeterEvent | bytes) -> None:
    """Puts events (or texts that claim to be some) into the meter stream, ENTRY of them in each entry."""
    texts = [event if isinstance(event, bytes) else msgspec.json.encode(event) for event in events]
    with client.pipeline(transaction=False) as pipeline:
        for start in range(0, len(texts), ENTRY):
            pipeline.xadd(STREAM, {FIELD: join_lines(texts[start : start + ENTRY])})
        pipeline.execute()


def database_address() -> str:
    """The address of the test database, for connections that are not Django's."""
    database = connections["default"].settings_dict
    return psycopg.conninfo.make_conninfo(
        dbname=database["NAME"], user=database["USER"], password=database["PASSWORD"], host=database["HOST"]
    )


@pytest.fixture
def client() -> Iterator[redis.Redis]:
    """Redis, whole, without what billing keeps there."""
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.delete(STREAM, REJECTED, BALANCES)
        client.set(WHOLE, 1)
        yield client
        client.delete(STREAM, REJECTED, BALANCES)


@pytest.fixture
def drain(client: redis.Redis, transactional_db: None) -> Iterator[Drain]:
    """A drain at the test's databases; what it writes is committed."""
    with closing(psycopg.connect(database_address(), autocommit=True)) as connection:
        yield Drain(connection, client, share_royalty)
