"""From the meter stream in Redis to call records and ledger postings in PostgreSQL, each event exactly once.

A batch is read, committed in PostgreSQL by call id, and only then removed from the stream. Killed in between, it is
read again, and what was recorded before changes nothing. An event that cannot be stored moves to the stream
`meter:rejected` with the reason, in the same step that removes the batch, so that it is neither lost nor in the way.
"""

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import NamedTuple, cast

import msgspec
import psycopg
import redis

from billing.metering.events import STREAM, MeterEvent, split_lines
from billing.metering.partitions import ensure_partitions
from billing.metering.posting import BatchPoster, Connection, Posted, ShareRoyalty

REJECTED = "meter:rejected"
"""Redis stream of events that could not be stored: fields `event`, `reason` and `entry`, its id in `meter:events`."""

BATCH = 100
"""Entries of the stream that are read at a time: each has the events of one to writer.BATCH_LIMIT calls."""
WAIT_MILLISECONDS = 500
GATHER_SECONDS = 0.1
"""How long events gather before they are read, so that a busy drain commits a thousand at a time: to plan a batch, sum
it up and sync it took 5 microseconds of each event when it had 600, half of that when it has 1,200."""
STANDBY_SECONDS = 1.0
PATIENCE_SECONDS = 10.0
"""How long Redis may take to answer before the drain connects anew."""
LONGEST_BACK_OFF_SECONDS = 5.0
LOCK = "SELECT pg_try_advisory_lock(hashtextextended('billing.metering.drain', 0))"

logger = logging.getLogger(__name__)
decoder = msgspec.json.Decoder(MeterEvent)


class Item(NamedTuple):
    """One event, as it was read from an entry of the stream."""

    entry_id: bytes
    raw: bytes
    event: MeterEvent


class Rejection(NamedTuple):
    """What cannot be stored, from which entry, and why."""

    entry_id: bytes
    raw: bytes
    reason: str


class Drained(NamedTuple):
    """What became of the events of a batch: those neither recorded nor rejected had been recorded before."""

    read: int
    recorded: int
    posted: int
    rejected: int
    full: bool = False
    """Whether the stream may have more."""


class Drain:
    """Moves batches over a PostgreSQL and a Redis connection that it has to itself."""

    def __init__(self, connection: Connection, client: redis.Redis, share_royalty: ShareRoyalty) -> None:
        self._client = client
        self._poster = BatchPoster(connection, share_royalty)

    def wait(self) -> bool:
        """Whether the stream has events; waits up to half a second for one, and then for its company."""
        found = self._client.xread({STREAM: "0-0"}, count=1, block=WAIT_MILLISECONDS)
        if found:
            time.sleep(GATHER_SECONDS)
        return bool(found)

    def drain_batch(self) -> Drained:
        """Moves the stream's oldest events. Raises psycopg.Error or redis.RedisError."""
        found = cast("list[tuple[bytes, dict[bytes, bytes]]]", self._client.xrange(STREAM, count=BATCH))
        items, rejected, read = _read(found)
        done = self._store(items, rejected)
        self._remove([entry_id for entry_id, _ in found], rejected)
        return Drained(read, done.recorded, done.posted, len(rejected), len(found) == BATCH)

    def _store(self, items: Sequence[Item], rejected: list[Rejection]) -> Posted:
        """Commits the events. One that PostgreSQL refuses is found by halving, and joins the rejected."""
        if not items:
            return Posted(0, 0)
        try:
            return self._poster.post([item.event for item in items])
        except (psycopg.DataError, psycopg.IntegrityError) as error:
            if len(items) == 1:
                rejected.append(Rejection(items[0].entry_id, items[0].raw, str(error)))
                return Posted(0, 0)
        middle = len(items) // 2
        first, second = self._store(items[:middle], rejected), self._store(items[middle:], rejected)
        return Posted(first.recorded + second.recorded, first.posted + second.posted)

    def _remove(self, entry_ids: Sequence[bytes], rejected: Sequence[Rejection]) -> None:
        if not entry_ids:
            return
        with self._client.pipeline(transaction=True) as pipeline:
            for entry_id, raw, reason in rejected:
                logger.error("A meter event of %s cannot be stored and moves to %s: %s", entry_id, REJECTED, reason)
                pipeline.xadd(REJECTED, {"event": raw, "reason": reason, "entry": entry_id})
            pipeline.xdel(STREAM, *entry_ids)
            pipeline.execute()


def run(*, conninfo: str, redis_url: str, share_royalty: ShareRoyalty, stop: Callable[[], bool]) -> None:
    """Drains until `stop()`, which is asked after each batch and at least every second.

    Any number may run: one works, the others stand by. While PostgreSQL or Redis is away it tries again, at longer and
    longer intervals; nothing is lost meanwhile, since events stay in the stream.
    """
    pause = 0.0
    while not stop():
        started = time.monotonic()
        try:
            with closing(psycopg.connect(conninfo, autocommit=True)) as connection, _connect(redis_url) as client:
                _work(connection, client, share_royalty, stop)
        except (psycopg.Error, redis.RedisError) as error:
            if time.monotonic() - started > LONGEST_BACK_OFF_SECONDS:
                pause = 0.0
            pause = min(max(2 * pause, 0.1), LONGEST_BACK_OFF_SECONDS)
            logger.warning("The meter drain lost its way and tries again in %.1f s: %s", pause, error)
            _sleep(pause, stop)


def _work(connection: Connection, client: redis.Redis, share_royalty: ShareRoyalty, stop: Callable[[], bool]) -> None:
    while not _lock(connection):
        _sleep(STANDBY_SECONDS, stop)
        if stop():
            return
    logger.info("The meter drain is at work")
    drain = Drain(connection, client, share_royalty)
    partitioned = None
    full = False
    while not stop():
        today = datetime.now(tz=UTC).date()
        if partitioned != today:
            ensure_partitions(connection, today)
            partitioned = today
        if full or drain.wait():
            full = drain.drain_batch().full


def _lock(connection: Connection) -> bool:
    """Takes the drains' lock, which lasts as long as the connection, if nobody has it."""
    row = connection.execute(LOCK).fetchone()
    return row is not None and row[0] is True


def _connect(redis_url: str) -> redis.Redis:
    return redis.Redis.from_url(
        redis_url,
        client_name="drain",
        socket_timeout=PATIENCE_SECONDS,
        socket_connect_timeout=PATIENCE_SECONDS,
    )


def _sleep(seconds: float, stop: Callable[[], bool]) -> None:
    deadline = time.monotonic() + seconds
    while not stop() and (left := deadline - time.monotonic()) > 0:
        time.sleep(min(left, 0.1))


def _read(found: Sequence[tuple[bytes, dict[bytes, bytes]]]) -> tuple[list[Item], list[Rejection], int]:
    """The events of these entries, each once; what is none; and how many both were, with repetitions."""
    items: dict[str, Item] = {}
    rejected: list[Rejection] = []
    read = 0
    for entry_id, fields in found:
        lines = split_lines(fields)
        if not lines:
            rejected.append(Rejection(entry_id, repr(fields).encode(), "the entry has no events"))
        read += max(1, len(lines))
        for raw in lines:
            try:
                event = decoder.decode(raw)
                _check_story(event, items.setdefault(event.call_id, Item(entry_id, raw, event)).event)
            except msgspec.DecodeError as error:
                rejected.append(Rejection(entry_id, raw, str(error)))
    return list(items.values()), rejected, read


def _check_story(event: MeterEvent, known: MeterEvent) -> None:
    """Raises msgspec.ValidationError if the batch has another event by this one's id."""
    if event != known:
        raise msgspec.ValidationError(f"another event has the call id {event.call_id}")
