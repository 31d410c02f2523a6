"""Call records, as the drain writes them."""

import random
import uuid
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from billing.api import ensure_partitions
from billing.metering.rollups import SUM_UP
from marketplace.algorithms.models import Version

INSERT = """
INSERT INTO metering_call_record (call_id, started_at, root_id, payer_id, author_id, algorithm, version_id, version,
    environment, queue_us, load_us, run_us, cpu_us, peak_memory_bytes, bytes_in, bytes_out, cold, outcome,
    compute_charge, royalty_charge, key_id)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, 20, 0, %s, %s, 20000000, 64, 64, false, %s, %s, 0, %s)
"""

SUM_UP_ROWS = f"""
WITH fresh AS MATERIALIZED (
    SELECT * FROM metering_call_record WHERE call_id = ANY(%s)
), {SUM_UP} SELECT 1
"""


def record_calls(
    version: Version,
    count: int = 1,
    *,
    run_us: int = 1_000,
    outcome: str = "ok",
    payer_id: uuid.UUID | None = None,
    key_id: uuid.UUID | None = None,
    at: datetime | None = None,
) -> list[uuid.UUID]:
    """`count` calls of the version at that moment, by default now; nobody is charged in the ledger. Their ids."""
    moment = at or timezone.now()
    ensure_partitions(moment.date())
    rows = [_row(version, run_us, outcome, payer_id or uuid.uuid4(), key_id, moment) for _ in range(count)]
    with connection.cursor() as cursor:
        cursor.executemany(INSERT, rows)
        cursor.execute(SUM_UP_ROWS, [[row[0] for row in rows]])
    return [row[0] for row in rows]


def record_history(version: Version, *, busiest_day: int, run_us: int, days: int = 30) -> None:
    """Calls on each of the last days, more and more of them."""
    chance = random.Random(str(version))
    for ago in range(days):
        share = (1 - ago / days) * chance.uniform(0.4, 1)
        moment = timezone.now() - timedelta(days=ago)
        record_calls(version, int(busiest_day * share), run_us=int(run_us * chance.uniform(0.9, 1.3)), at=moment)
    record_calls(version, 1 + busiest_day // 60, run_us=run_us, outcome="algorithm_error")


def _row(
    version: Version, run_us: int, outcome: str, payer_id: uuid.UUID, key_id: uuid.UUID | None, moment: datetime
) -> tuple[Any, ...]:
    call_id = uuid.uuid4()
    algorithm = version.algorithm
    return (
        call_id, moment, call_id, payer_id, algorithm.organization_id, algorithm.full_name, version.id,
        version.number, version.environment, run_us, run_us, outcome, run_us if outcome == "ok" else 0,
        key_id,
    )  # fmt: skip
