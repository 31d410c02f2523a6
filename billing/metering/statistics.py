"""How often algorithms are called and how long they take, over the calls of all their callers."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from django.db import connection

# The times are the mean of the first step at which at least half, or 99 of a hundred, of the answered calls are in.
MEASURES = """
WITH steps AS (
    SELECT algorithm, step, sum(calls)::bigint AS calls, sum(run_us)::bigint AS run_us FROM metering_run_times
    WHERE author_id = ANY (%(authors)s) AND algorithm = ANY (%(algorithms)s) AND day >= %(since)s::date
    GROUP BY algorithm, step
), running AS (
    SELECT algorithm, step, run_us / calls AS mean, sum(calls) OVER (PARTITION BY algorithm ORDER BY step) AS counted,
        sum(calls) OVER (PARTITION BY algorithm) AS whole
    FROM steps
), times AS (
    SELECT algorithm, (array_agg(mean ORDER BY step) FILTER (WHERE counted * 2 >= whole))[1] AS median,
        (array_agg(mean ORDER BY step) FILTER (WHERE counted * 100 >= whole * 99))[1] AS p99
    FROM running GROUP BY algorithm
), totals AS (
    SELECT algorithm, sum(calls)::bigint AS calls, sum(failed)::bigint AS failed FROM metering_usage_day
    WHERE author_id = ANY (%(authors)s) AND algorithm = ANY (%(algorithms)s) AND starts_at >= %(since)s
    GROUP BY algorithm
)
SELECT algorithm, calls, median, failed, p99 FROM totals LEFT JOIN times USING (algorithm)
"""
RANKING = """
SELECT algorithm, sum(calls)::bigint FROM metering_usage_day WHERE starts_at >= %(since)s
GROUP BY algorithm ORDER BY 2 DESC, 1 LIMIT %(limit)s
"""
HAS_CALLED = """
SELECT EXISTS (
    SELECT 1 FROM metering_usage_day
    WHERE payer_id = ANY (%(payers)s) AND author_id = %(author)s AND algorithm = %(algorithm)s AND calls > failed
)
"""
TOTAL = "SELECT coalesce(sum(calls), 0)::bigint FROM metering_usage_day WHERE starts_at >= %(since)s"
BY_VERSION = """
WITH totals AS (
    SELECT version_id, sum(calls)::bigint AS calls, sum(failed)::bigint AS failed,
        sum(compute_charge + royalty_charge)::bigint AS cost
    FROM metering_usage_minute
    WHERE author_id = %(author)s AND version_id = ANY (%(versions)s) AND starts_at >= %(since)s
    GROUP BY version_id
), times AS (
    SELECT wanted AS version_id, percentile_cont(0.5) WITHIN GROUP (ORDER BY run_us) AS median,
        percentile_cont(0.95) WITHIN GROUP (ORDER BY run_us) AS p95
    FROM unnest(%(versions)s) AS wanted, LATERAL (
        SELECT run_us FROM metering_call_record
        WHERE author_id = %(author)s AND version_id = wanted AND started_at >= %(since)s AND outcome = 'ok'
        ORDER BY started_at DESC LIMIT 2000
    ) AS latest
    GROUP BY wanted
)
SELECT version_id, calls, failed, cost, median::bigint, p95::bigint FROM totals LEFT JOIN times USING (version_id)
"""
BY_DAY = """
SELECT (starts_at AT TIME ZONE 'UTC')::date, sum(calls)::bigint, sum(failed)::bigint FROM metering_usage_day
WHERE author_id = %(author)s AND algorithm = %(algorithm)s AND starts_at >= %(since)s
GROUP BY 1
"""
# The median and 95 of a hundred of one day, as MEASURES has them of many.
TIMES_BY_DAY = """
WITH running AS (
    SELECT day, run_us / calls AS mean, sum(calls) OVER (PARTITION BY day ORDER BY step) AS counted,
        sum(calls) OVER (PARTITION BY day) AS whole, step
    FROM metering_run_times
    WHERE author_id = %(author)s AND algorithm = %(algorithm)s AND day >= %(first)s
)
SELECT day, (array_agg(mean ORDER BY step) FILTER (WHERE counted * 2 >= whole))[1],
    (array_agg(mean ORDER BY step) FILTER (WHERE counted * 100 >= whole * 95))[1]
FROM running GROUP BY day
"""
# A caller's record is looked for in the hour before its call's: that is one partition or two, not all of them.
CALLERS = """
SELECT parent.algorithm FROM (
    SELECT parent_id, started_at FROM metering_call_record
    WHERE author_id = %(author)s AND started_at >= %(since)s AND algorithm = %(algorithm)s AND parent_id IS NOT NULL
    ORDER BY started_at DESC LIMIT 500
) AS child JOIN LATERAL (
    SELECT algorithm FROM metering_call_record AS record
    WHERE record.call_id = child.parent_id
        AND record.started_at BETWEEN child.started_at - interval '1 hour' AND child.started_at + interval '1 minute'
    LIMIT 1
) AS parent ON true
GROUP BY parent.algorithm ORDER BY count(*) DESC, 1
"""


@dataclass(frozen=True)
class AlgorithmMeasures:
    """Calls of everybody, and the run times in microseconds of those that were answered, if any was.

    Run times are known to 9 per cent: they are means of calls that took about as long (RunTimes), not single calls.
    """

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


@dataclass(frozen=True)
class DayOfTimes:
    """Run times of the calls that were answered in one UTC day, in microseconds; None when there were none."""

    day: date
    median_run_us: int | None
    p95_run_us: int | None


@dataclass(frozen=True)
class VersionMeasures:
    """Calls of everybody and what they cost, in micro-credits; run times of the latest 2,000 that were answered."""

    calls: int = 0
    failed: int = 0
    cost: int = 0
    median_run_us: int | None = None
    p95_run_us: int | None = None


def measure_versions(*, author_id: UUID, version_ids: Collection[UUID], since: datetime) -> dict[UUID, VersionMeasures]:
    """The measures of these versions since that minute; one that was not called has none but zeros."""
    with connection.cursor() as cursor:
        cursor.execute(BY_VERSION, {"author": author_id, "versions": list(version_ids), "since": since})
        found = {version_id: VersionMeasures(*measures) for version_id, *measures in cursor.fetchall()}
    return {version_id: found.get(version_id, VersionMeasures()) for version_id in version_ids}


def measure_algorithms(
    *, author_ids: Collection[UUID], algorithms: Collection[str], since: datetime
) -> dict[str, AlgorithmMeasures]:
    """The measures of these algorithms (`owner/name`) since that UTC day; one that was not called is left out.

    `author_ids` are the organizations that own them: the index of the sums goes by author.
    """
    since = _start_of_day(since)
    with connection.cursor() as cursor:
        cursor.execute(MEASURES, {"authors": list(author_ids), "algorithms": list(algorithms), "since": since})
        return {name: AlgorithmMeasures(*measures) for name, *measures in cursor.fetchall()}


def rank_algorithms(*, since: datetime, limit: int | None) -> list[tuple[str, int]]:
    """The most called algorithms (`owner/name`) with their calls, private ones too: for sorting, not for showing.

    `limit` None is all of them.
    """
    with connection.cursor() as cursor:
        cursor.execute(RANKING, {"since": _start_of_day(since), "limit": limit})
        return list(cursor.fetchall())


def count_calls(*, since: datetime) -> int:
    """The calls of the whole platform since then."""
    with connection.cursor() as cursor:
        cursor.execute(TOTAL, {"since": _start_of_day(since)})
        return int(cursor.fetchone()[0])


def has_called(*, payer_ids: Collection[UUID], author_id: UUID, algorithm: str) -> bool:
    """Whether one of these organizations ever paid for a call of the algorithm (`owner/name`) that was answered."""
    with connection.cursor() as cursor:
        cursor.execute(HAS_CALLED, {"payers": list(payer_ids), "author": author_id, "algorithm": algorithm})
        return bool(cursor.fetchone()[0])


def count_calls_by_day(*, author_id: UUID, algorithm: str, days: int, today: date) -> list[DayOfCalls]:
    """One line per UTC day for the `days` days that end with today, oldest first; days without calls are zero."""
    first = today - timedelta(days=days - 1)
    since = datetime.combine(first, time.min, tzinfo=UTC)
    with connection.cursor() as cursor:
        cursor.execute(BY_DAY, {"author": author_id, "algorithm": algorithm, "since": since})
        found = {day: DayOfCalls(day, calls, failed) for day, calls, failed in cursor.fetchall()}
    wanted = (first + timedelta(days=ahead) for ahead in range(days))
    return [found.get(day, DayOfCalls(day, 0, 0)) for day in wanted]


def measure_times_by_day(*, author_id: UUID, algorithm: str, days: int, today: date) -> list[DayOfTimes]:
    """One line per UTC day for the `days` days that end with today, oldest first."""
    first = today - timedelta(days=days - 1)
    with connection.cursor() as cursor:
        cursor.execute(TIMES_BY_DAY, {"author": author_id, "algorithm": algorithm, "first": first})
        found = {day: DayOfTimes(day, int(median), int(p95)) for day, median, p95 in cursor.fetchall()}
    wanted = (first + timedelta(days=ahead) for ahead in range(days))
    return [found.get(day, DayOfTimes(day, None, None)) for day in wanted]


def list_callers(*, author_id: UUID, algorithm: str, since: datetime) -> list[str]:
    """The algorithms (`owner/name`, private ones too) that made the latest 500 calls of this one from inside their own,
    the most frequent first.
    """
    with connection.cursor() as cursor:
        cursor.execute(CALLERS, {"author": author_id, "algorithm": algorithm, "since": since})
        return [name for (name,) in cursor.fetchall()]


def _start_of_day(moment: datetime) -> datetime:
    return datetime.combine(moment.astimezone(UTC).date(), time.min, tzinfo=UTC)
