"""How often algorithms are called and how long they take, over the calls of all their callers."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from django.db import connection

MEASURES = """
SELECT algorithm, count(*), count(*) FILTER (WHERE outcome <> 'ok'),
    percentile_disc(ARRAY[0.5, 0.99]) WITHIN GROUP (ORDER BY run_us) FILTER (WHERE outcome = 'ok')
FROM metering_call_record
WHERE author_id = ANY (%(authors)s) AND algorithm = ANY (%(algorithms)s) AND started_at >= %(since)s
GROUP BY algorithm
"""
RANKING = """
SELECT algorithm, count(*) FROM metering_call_record WHERE started_at >= %(since)s
GROUP BY algorithm ORDER BY 2 DESC, 1 LIMIT %(limit)s
"""
TOTAL = "SELECT count(*) FROM metering_call_record WHERE started_at >= %(since)s"
BY_DAY = """
SELECT (started_at AT TIME ZONE 'UTC')::date, count(*), count(*) FILTER (WHERE outcome <> 'ok')
FROM metering_call_record
WHERE author_id = %(author)s AND algorithm = %(algorithm)s AND started_at >= %(since)s
GROUP BY 1
"""


@dataclass(frozen=True)
class AlgorithmMeasures:
    """Calls of everybody, and the run times in microseconds of those that were answered, if any was."""

    calls: int
    median_run_us: int | None
    failed: int = 0
    p99_run_us: int | None = None


@dataclass(frozen=True)
class DayOfCalls:
    """The calls of one algorithm in one UTC day."""

    day: date
    calls: int
    failed: int


def measure_algorithms(
    *, author_ids: Collection[UUID], algorithms: Collection[str], since: datetime
) -> dict[str, AlgorithmMeasures]:
    """The measures of these algorithms (`owner/name`) since then; one that was not called is left out.

    `author_ids` are the organizations that own them: the index of the records goes by author.
    """
    with connection.cursor() as cursor:
        cursor.execute(MEASURES, {"authors": list(author_ids), "algorithms": list(algorithms), "since": since})
        return {name: _to_measures(calls, failed, times) for name, calls, failed, times in cursor.fetchall()}


def rank_algorithms(*, since: datetime, limit: int) -> list[tuple[str, int]]:
    """The most called algorithms (`owner/name`) with their calls, private ones too: for sorting, not for showing."""
    with connection.cursor() as cursor:
        cursor.execute(RANKING, {"since": since, "limit": limit})
        return list(cursor.fetchall())


def count_calls(*, since: datetime) -> int:
    """The calls of the whole platform since then."""
    with connection.cursor() as cursor:
        cursor.execute(TOTAL, {"since": since})
        return int(cursor.fetchone()[0])


def count_calls_by_day(*, author_id: UUID, algorithm: str, days: int, today: date) -> list[DayOfCalls]:
    """One line per UTC day for the `days` days that end with today, oldest first; days without calls are zero."""
    first = today - timedelta(days=days - 1)
    since = datetime.combine(first, time.min, tzinfo=UTC)
    with connection.cursor() as cursor:
        cursor.execute(BY_DAY, {"author": author_id, "algorithm": algorithm, "since": since})
        found = {day: DayOfCalls(day, calls, failed) for day, calls, failed in cursor.fetchall()}
    wanted = (first + timedelta(days=ahead) for ahead in range(days))
    return [found.get(day, DayOfCalls(day, 0, 0)) for day in wanted]


def _to_measures(calls: int, failed: int, times: list[int | None] | None) -> AlgorithmMeasures:
    median, p99 = times or (None, None)
    return AlgorithmMeasures(calls=calls, median_run_us=median, failed=failed, p99_run_us=p99)
