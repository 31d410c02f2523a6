"""How fast meter events become call records, sums and ledger postings: real Redis, real PostgreSQL, this machine.

Fills the meter stream, drains it with the code of `agora drain`, and checks the books. Prints one line of JSON.

    python -m tests.benchmarks.drain [events]
"""

import json
import random
import sys
import time
import uuid
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import django
import msgspec
import psutil
import psycopg
import redis

from tests.benchmarks.catalogue import databases

EVENTS = 300_000
PAYERS = 50
ALGORITHMS = 200
AUTHORS = 40
EVENTS_OF_AN_ENTRY = 20
"""Calls that ended together, as under load."""
LIMIT = 10_000
"""Events per second that are promised on two cores."""


def main() -> int:
    """Fills, drains, checks."""
    events = int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS
    with databases():
        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        figures = _measure(events)
    print(json.dumps(figures), flush=True)
    return 0 if figures["events_per_second"] >= LIMIT and figures["in_order"] else 1


def _measure(events: int) -> dict[str, Any]:
    from django.conf import settings
    from django.db import connection

    from billing import api as billing
    from billing.metering.drain import Drain
    from billing.metering.partitions import ensure_partitions

    connection.ensure_connection()
    dsn = connection.connection.info.dsn
    with redis.Redis.from_url(settings.REDIS_URL) as client, closing(psycopg.connect(dsn, autocommit=True)) as own:
        ensure_partitions(own, datetime.now(tz=UTC).date())
        _fill(client, events)
        drain = Drain(own, client, billing.share_royalty)
        cpu, began = _cpu_seconds(), time.monotonic()
        drained = recorded = 0
        while drained < events:
            done = drain.drain_batch()
            drained, recorded = drained + done.read, recorded + done.recorded
        seconds, cpu = time.monotonic() - began, _cpu_seconds() - cpu
    report = billing.check_ledger()
    return {
        "events": events,
        "recorded": recorded,
        "events_per_second": round(events / seconds),
        "cpu_us_per_event": round(cpu / events * 1e6, 1),
        "in_order": report.in_order and report.calls_posted == events == recorded,
        "load_of_the_machine": round(psutil.getloadavg()[0], 1),
    }


def _fill(client: redis.Redis, events: int) -> None:
    """Calls of the last minutes, by a few payers, of many algorithms."""
    from billing.metering.events import STREAM, join_lines

    chance = random.Random(1)
    payers, versions, authors = ([str(uuid.UUID(int=chance.getrandbits(128))) for _ in range(number)]
                                 for number in (PAYERS, ALGORITHMS, AUTHORS))  # fmt: skip
    now = time.time_ns() // 1_000
    for start in range(0, events, EVENTS_OF_AN_ENTRY):
        texts = []
        for number in range(start, min(start + EVENTS_OF_AN_ENTRY, events)):
            which = int(ALGORITHMS * chance.random() ** 2)
            event = _make_event(chance, payers[number % PAYERS], authors[which % AUTHORS], versions[which], which)
            event["started_at"] = now - (events - number) * 100
            texts.append(msgspec.json.encode(event))
        client.xadd(STREAM, {"events": join_lines(texts)})


def _make_event(chance: random.Random, payer: str, author: str, version: str, which: int) -> dict[str, object]:
    call_id = str(uuid.UUID(int=chance.getrandbits(128)))
    run_us = int(chance.expovariate(1 / 5_000)) + 200
    return {
        "call_id": call_id,
        "root_id": call_id,
        "parent_id": None,
        "payer_id": payer,
        "author_id": author,
        "key_id": payer,
        "member_id": 1,
        "algorithm": f"author{which % AUTHORS}/tool{which}",
        "version_id": version,
        "version": "1.0.0",
        "environment": "python3",
        "queue_us": 12,
        "load_us": 0,
        "run_us": run_us,
        "cpu_us": run_us,
        "peak_memory_bytes": 20_000_000,
        "memory_byte_seconds": 20 * run_us,
        "bytes_in": 64,
        "bytes_out": 64,
        "cold": False,
        "outcome": "ok",
        "compute_charge": run_us,
        "royalty_charge": 1_000 * (which % 2),
        "compute_per_second": 1_000_000,
        "royalty_per_call": 1_000 * (which % 2),
    }


def _cpu_seconds() -> float:
    """Of this process, PostgreSQL and Redis together: what the rate would be on a quiet machine follows from it."""
    this = psutil.Process()
    times = [process.cpu_times() for process in (this, *this.children(recursive=True))]
    return sum(each.user + each.system for each in times)


if __name__ == "__main__":
    sys.exit(main())
