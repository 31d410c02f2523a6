"""The drain as a process, killed with what it depends on: every event is recorded and posted exactly once."""

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
import redis
from django.db import connections

from billing.api import check_ledger
from billing.ledger.models import LedgerTransaction
from billing.metering.events import STREAM, split_lines
from billing.metering.models import CallRecord
from marketplace.cli.embedded import EmbeddedRedis

from .conftest import append_events, database_address, make_event

PROGRAM = """
import signal, threading, django
django.setup()
from billing.api import run_drain
stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
print("ready", flush=True)
run_drain(stop.is_set)
print("stopped", flush=True)
"""


@pytest.fixture
def own_redis() -> Iterator[EmbeddedRedis]:
    """A Redis of the test's own, which it may kill; it keeps its data on disk."""
    folder = Path(tempfile.mkdtemp(prefix="agora-drain-"))
    server = EmbeddedRedis(socket=folder / "redis.sock", folder=folder / "data")
    server.start()
    yield server
    server.stop()
    shutil.rmtree(folder)


@contextmanager
def running_drain(server: EmbeddedRedis) -> Iterator[subprocess.Popen[str]]:
    """A drain process at the test's databases, killed at the end if it still runs."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    database = urlunsplit(parts._replace(path=f"/{connections['default'].settings_dict['NAME']}"))
    environment = {**os.environ, "DATABASE_URL": database, "REDIS_URL": f"unix://{server.socket}?db=0"}
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


@contextmanager
def connect(server: EmbeddedRedis) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(f"unix://{server.socket}?db=0") as client:
        yield client


def fill(server: EmbeddedRedis, count: int) -> None:
    with connect(server) as client:
        append_events(client, *[make_event() for _ in range(count)])


def wait_for_records(count: int, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while CallRecord.objects.count() < count:
        assert time.monotonic() < deadline, f"{CallRecord.objects.count()} of {count} records in time"
        time.sleep(0.005)


def wait_for_empty_stream(server: EmbeddedRedis) -> None:
    deadline = time.monotonic() + 10
    with connect(server) as client:
        while client.xlen(STREAM):
            assert time.monotonic() < deadline, "the stream was not emptied in time"
            time.sleep(0.01)


def check_exactly_once(count: int) -> None:
    assert CallRecord.objects.count() == LedgerTransaction.objects.count() == count
    report = check_ledger()
    assert report.in_order, report.faults


@pytest.mark.django_db(transaction=True)
def test_kill_nine_of_the_drain_in_the_middle_of_work(own_redis: EmbeddedRedis) -> None:
    killed_at_work = total = 0
    for _ in range(4):
        fill(own_redis, 4_000)
        total += 4_000
        with running_drain(own_redis) as process:
            wait_for_records(CallRecord.objects.count() + 1)
            time.sleep(random.uniform(0, 0.12))
            process.kill()
        with connect(own_redis) as client:
            killed_at_work += client.xlen(STREAM) > 0
    with running_drain(own_redis):
        wait_for_records(total)
        wait_for_empty_stream(own_redis)
    check_exactly_once(total)
    assert killed_at_work, "every kill came too late to mean anything"


@pytest.mark.django_db(transaction=True)
def test_sigterm_stops_after_the_batch(own_redis: EmbeddedRedis) -> None:
    fill(own_redis, 3_000)
    with running_drain(own_redis) as process:
        wait_for_records(1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert process.stdout is not None
        assert process.stdout.read() == "stopped\n"
    with connect(own_redis) as client:
        left = sum(len(split_lines(fields)) for _, fields in client.xrange(STREAM))
    check_exactly_once(3_000 - left)


@pytest.mark.django_db(transaction=True)
def test_postgresql_breaks_the_connection_again_and_again(own_redis: EmbeddedRedis) -> None:
    total = 0
    with (
        running_drain(own_redis) as process,
        closing(psycopg.connect(database_address(), autocommit=True)) as connection,
    ):
        for _ in range(4):
            fill(own_redis, 3_000)
            total += 3_000
            wait_for_records(total - 2_999)
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks"
                " WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = %s)",
                [connection.info.dbname],
            )
        wait_for_records(total)
        wait_for_empty_stream(own_redis)
        assert process.poll() is None, "the drain gave up"
    check_exactly_once(total)


@pytest.mark.django_db(transaction=True)
def test_kill_nine_of_redis_and_back(own_redis: EmbeddedRedis) -> None:
    total = 0
    with running_drain(own_redis) as process:
        for _ in range(3):
            fill(own_redis, 3_000)
            total += 3_000
            wait_for_records(total - 2_999)
            assert own_redis.process is not None
            own_redis.process.kill()
            own_redis.process.wait()
            with suppress(FileNotFoundError):
                own_redis.socket.unlink()
            own_redis.start()
        wait_for_records(total)
        wait_for_empty_stream(own_redis)
        assert process.poll() is None, "the drain gave up"
    check_exactly_once(total)
