"""What happened lately, for those who look after an algorithm. It stands in Redis, newest first, and is let go.

| key | value |
| --- | --- |
| `recent:failures:<id>` | list of Failure as JSON; the id is an algorithm's, or that of the organization that owns it |
| `recent:insights:<id>` | list of Insights as JSON; the id is an algorithm's |
"""

import time
from functools import cache
from typing import Any, TypeVar

import msgspec
import redis
from django.conf import settings

FAILURES = "recent:failures:"
MOST_FAILURES = 200
FAILURE_SECONDS = 7 * 86_400
INSIGHTS = "recent:insights:"
MOST_INSIGHTS = 500
INSIGHT_SECONDS = 30 * 86_400

RowT = TypeVar("RowT", "Failure", "Insights")


class Failure(msgspec.Struct, frozen=True):
    """A call whose algorithm failed. The texts are cut: they are for reading, not for machines."""

    at: int
    """Microseconds since the epoch, when the call began."""
    call_id: str
    algorithm: str
    """`owner/name`"""
    version: str
    payer_id: str
    input: str
    error: str
    error_type: str
    stacktrace: str


class Insights(msgspec.Struct, frozen=True):
    """What a call of an algorithm had to say of itself."""

    at: int
    """Microseconds since the epoch."""
    algorithm: str
    call_id: str | None
    root_id: str | None
    """The first call of the tree; both are None for what was not reported from inside a call."""
    values: dict[str, Any]


def push_failure(pipeline: Any, failure: Failure, *, subjects: tuple[str, ...]) -> None:
    """Puts the commands that keep it into a pipeline, of a synchronous or an asynchronous client."""
    text = msgspec.json.encode(failure)
    for subject in subjects:
        _push(pipeline, FAILURES + subject, text, most=MOST_FAILURES, seconds=FAILURE_SECONDS)


def add_insights(insights: Insights, *, algorithm_id: str) -> None:
    """Keeps it. Raises redis.RedisError."""
    with _client().pipeline(transaction=True) as pipeline:
        text = msgspec.json.encode(insights)
        _push(pipeline, INSIGHTS + algorithm_id, text, most=MOST_INSIGHTS, seconds=INSIGHT_SECONDS)
        pipeline.execute()


def read_failures(subject: str) -> list[Failure]:
    """The failures of an algorithm or organization, newest first. Raises redis.RedisError."""
    return _read(FAILURES + subject, Failure, FAILURE_SECONDS)


def read_insights(algorithm_id: str) -> list[Insights]:
    """The insights of an algorithm, newest first. Raises redis.RedisError."""
    return _read(INSIGHTS + algorithm_id, Insights, INSIGHT_SECONDS)


def _push(pipeline: Any, key: str, text: bytes, *, most: int, seconds: int) -> None:
    pipeline.lpush(key, text)
    pipeline.ltrim(key, 0, most - 1)
    pipeline.expire(key, seconds)


def _read(key: str, kind: type[RowT], seconds: int) -> list[RowT]:
    oldest = (time.time() - seconds) * 1e6
    rows = [msgspec.json.decode(text, type=kind) for text in _client().lrange(key, 0, -1)]
    return [row for row in rows if row.at > oldest]


@cache
def _client() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, client_name="recent")
