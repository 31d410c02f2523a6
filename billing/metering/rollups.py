"""The sums per minute, hour and day, as parts of the one statement that records calls (posting.py).

Minutes are summed from the calls that are new, hours from those minutes, days from those hours: a batch of thousands
of calls changes a handful of rows. Only one drain works at a time, so that nobody waits for these rows.
"""

KEY = "payer_id, starts_at, version_id, author_id, key_id, member_id"
SUMS = (
    "calls",
    "failed",
    "cold",
    "queue_us",
    "load_us",
    "run_us",
    "cpu_us",
    "memory_byte_seconds",
    "gpu_memory_byte_seconds",
    "bytes_in",
    "bytes_out",
    "compute_charge",
    "royalty_charge",
    "royalty_calls",
    "author_share",
)
RUN_TIME_STEPS = 8
"""Steps of run time in an octave: from one to the next are 9 per cent."""

ALL = f"{KEY}, version, algorithm, {', '.join(SUMS)}, latest_at"
ADDED_UP = ", ".join(f"sum({name})::bigint AS {name}" for name in SUMS)

OF_CALLS = f"""
SELECT {KEY}, min(version) AS version, min(algorithm) AS algorithm, {ADDED_UP}, max(started_at) AS latest_at
FROM (
    SELECT *, date_trunc('minute', started_at, 'UTC') AS starts_at, 1 AS calls, (outcome <> 'ok')::int AS failed,
        (royalty_charge > 0)::int AS royalty_calls
    FROM (
        SELECT call_id, started_at, payer_id, author_id, key_id, member_id, version_id, version, algorithm, outcome,
            cold::int AS cold, queue_us, load_us, run_us, cpu_us, memory_byte_seconds, gpu_memory_byte_seconds,
            bytes_in, bytes_out, compute_charge, royalty_charge, author_share
        FROM fresh
    ) AS used
) AS calls GROUP BY {KEY}
"""  # noqa: S608 (only constants are put in)


def _of_spans(source: str, unit: str) -> str:
    """The sums of longer spans from those of shorter ones."""
    return f"""
SELECT {KEY}, min(version) AS version, min(algorithm) AS algorithm, {ADDED_UP}, max(latest_at) AS latest_at
FROM (SELECT *, date_trunc('{unit}', span, 'UTC') AS starts_at FROM (
    SELECT starts_at AS span, {ALL.replace("starts_at, ", "")} FROM {source}
) AS shorter) AS spans GROUP BY {KEY}
"""  # noqa: S608 (only constants are put in)


def _add_to(table: str, source: str) -> str:
    changes = ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in SUMS)
    return f"""
INSERT INTO {table} ({ALL}) SELECT {ALL} FROM {source}
ON CONFLICT ({KEY}) DO UPDATE SET {changes}, latest_at = greatest({table}.latest_at, excluded.latest_at)
"""  # noqa: S608 (only constants are put in)


RUN_TIMES = f"""
INSERT INTO metering_run_times (day, author_id, algorithm, step, calls, run_us)
SELECT (started_at AT TIME ZONE 'UTC')::date, author_id, algorithm,
    floor({RUN_TIME_STEPS} * ln(greatest(run_us, 1)::float8) / ln(2::float8))::smallint, count(*),
    sum(run_us)::bigint
FROM fresh WHERE outcome = 'ok' GROUP BY 1, 2, 3, 4
ON CONFLICT (author_id, algorithm, day, step) DO UPDATE SET calls = metering_run_times.calls + excluded.calls,
    run_us = metering_run_times.run_us + excluded.run_us
"""  # noqa: S608 (only constants are put in)

SUM_UP = f"""
minutes AS MATERIALIZED ({OF_CALLS}),
hours AS MATERIALIZED ({_of_spans("minutes", "hour")}),
days AS MATERIALIZED ({_of_spans("hours", "day")}),
added_to_minutes AS ({_add_to("metering_usage_minute", "minutes")}),
added_to_hours AS ({_add_to("metering_usage_hour", "hours")}),
added_to_days AS ({_add_to("metering_usage_day", "days")}),
added_to_run_times AS ({RUN_TIMES})
"""
"""Further parts of a WITH that has `fresh`: the new call records."""
