"""From the meter stream in Redis to call records and ledger postings in PostgreSQL, each event exactly once.

A batch is read, committed in PostgreSQL by call id, and only then removed from the stream. Killed in between, it is
read again, and what was recorded before changes nothing. An event that cannot be stored moves to the stream
`meter:rejected` with the reason, so that it is neither lost nor in the way.
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

from billing.metering.events import STREAM, MeterEvent
from billing.metering.partitions import ensure_partitions
from billing.metering.posting import BatchPoster, Connection, ShareRoyalty

REJECTED = "meter:rejected"
"""Redis stream of events that could not be stored: fields `event`, `reason` and `entry`, its id in `meter:events`."""

BATCH = 2_000
WAIT_MILLISECONDS = 500
GATHER_SECONDS = 0.05
"""How long events gather before they are read, so that a busy drain commits hundreds at a time."""
STANDBY_SECONDS = 1.0
PATIENCE_SECONDS = 10.0
"""How long Redis may take to answer before the drain connects anew."""
LONGEST_BACK_OFF_SECONDS = 5.0
LOCK = "SELECT pg_try_advisory_lock(hashtextextended('billing.metering.drain', 0))"

logger = logging.getLogger(__name__)
decoder = msgspec.json.Decoder(MeterEvent)


class Entry(NamedTuple):
    """One entry of the stream, as it was read."""

    entry_id: bytes
    raw: bytes
    event: MeterEvent


class Drained(NamedTuple):
    """What became of the events of a batch: those neither recorded nor rejected had been recorded before."""

    read: int
    recorded: int
    posted: int
    rejected: int


NOTHING = Drained(0, 0, 0, 0)


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
        """Moves the stream's oldest events, up to BATCH of them. Raises psycopg.Error or redis.RedisError."""
        found = cast("list[tuple[bytes, dict[bytes, bytes]]]", self._client.xrange(STREAM, count=BATCH))
        entries: dict[str, Entry] = {}
        repeated: list[bytes] = []
        rejected = 0
        for entry_id, fields in found:
            try:
                entry = _read(entry_id, fields)
                if _is_repetition(entry, entries):
                    repeated.append(entry_id)
                else:
                    entries[entry.event.call_id] = entry
            except (KeyError, msgspec.DecodeError) as error:
                self._reject(entry_id, fields, str(error))
                rejected += 1
        done = self._store(list(entries.values()))
        if repeated:
            self._client.xdel(STREAM, *repeated)
        return Drained(len(found), done.recorded, done.posted, rejected + done.rejected)

    def _store(self, entries: Sequence[Entry]) -> Drained:
        """Commits and removes the entries. One that PostgreSQL refuses is found by halving, and rejected alone."""
        if not entries:
            return NOTHING
        try:
            posted = self._poster.post([entry.event for entry in entries])
        except (psycopg.DataError, psycopg.IntegrityError) as error:
            if len(entries) == 1:
                self._reject(entries[0].entry_id, {b"event": entries[0].raw}, str(error))
                return Drained(1, 0, 0, 1)
            middle = len(entries) // 2
            return _add(self._store(entries[:middle]), self._store(entries[middle:]))
        self._client.xdel(STREAM, *[entry.entry_id for entry in entries])
        return Drained(len(entries), posted.recorded, posted.posted, 0)

    def _reject(self, entry_id: bytes, fields: dict[bytes, bytes], reason: str) -> None:
        raw = fields.get(b"event", repr(fields).encode())
        logger.error("Meter event %s cannot be stored and moves to %s: %s", entry_id.decode(), REJECTED, reason)
        with self._client.pipeline(transaction=True) as pipeline:
            pipeline.xadd(REJECTED, {"event": raw, "reason": reason, "entry": entry_id})
            pipeline.xdel(STREAM, entry_id)
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
            full = drain.drain_batch().read == BATCH


def _lock(connection: Connection) -> bool:
    """Takes the drains' lock, which lasts as long as the connection, if nobody has it."""
    row = connection.execute(LOCK).fetchone()
    return row is not None and row[0] is True


def _connect(redis_url: str) -> redis.Redis:
    return redis.Redis.from_url(redis_url, socket_timeout=PATIENCE_SECONDS, socket_connect_timeout=PATIENCE_SECONDS)


def _sleep(seconds: float, stop: Callable[[], bool]) -> None:
    deadline = time.monotonic() + seconds
    while not stop() and (left := deadline - time.monotonic()) > 0:
        time.sleep(min(left, 0.1))


def _read(entry_id: bytes, fields: dict[bytes, bytes]) -> Entry:
    raw = fields[b"event"]
    return Entry(entry_id, raw, decoder.decode(raw))


def _is_repetition(entry: Entry, entries: dict[str, Entry]) -> bool:
    """Whether the batch has this very event already. Raises msgspec.ValidationError if it has another by its id."""
    known = entries.get(entry.event.call_id)
    if known is not None and known.event != entry.event:
        raise msgspec.ValidationError(f"another event has the call id {entry.event.call_id}")
    return known is not None


def _add(first: Drained, second: Drained) -> Drained:
    return Drained(*(a + b for a, b in zip(first, second, strict=True)))
