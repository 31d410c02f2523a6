"""Writes meter events and charges the hot balances: one Redis round trip for all calls that end at about the same time.

While a script call is in flight, the events of calls that end meanwhile gather, and go with the next. Each batch has
a number, and the script remembers the last one of each writer: a batch that is sent again, because the connection
broke before the answer came, is not written twice. A batch also has a time, by Redis's own clock, after which the
script refuses it: a Redis that was stuck and goes on does not write what its caller was told has failed.

One doubt is left: a batch that was written in time, while its answer did not come through. Its calls are metered and
charged, once, though their callers were told to try again: the error is in favour of the author and against the
payer, and never the other way round, an answer that nobody pays for.
"""

import asyncio
import contextlib
import hashlib
import uuid
from collections import Counter, deque
from typing import NamedTuple, cast

import hiredis
import msgspec
import redis.asyncio
from redis.exceptions import RedisError

from billing.errors import MeterUnavailable
from billing.metering.counters import Count, read_number
from billing.metering.events import BALANCES, STREAM, WHOLE, MeterEvent, join_lines

PATIENCE_SECONDS = 5.0
LEAST_SECONDS = 0.25
"""So long a batch is tried even if its oldest event has no patience left."""
ANSWER_SECONDS = 0.25
"""How much longer an answer is waited for than a batch may be written."""
RETRY_SECONDS = 0.02
MEMORY_SECONDS = 86_400
BATCH_LIMIT = 100
GATHER_SECONDS = 0.002
GATHER_LIMIT = 16
"""After a batch of several, the next one gathers as many again, though no more than this, or for so long: a batch costs
little more than one event, and those whose calls were answered together mostly call again together."""
FIRST_PAYER = 6
"""The script's first argument that is a payer."""
WRITER_KEY = "meter:writer:"

# ARGV: batch number, seconds to remember it, the last microsecond of Redis's clock at which it may be written, the
# entry of the stream, where the counts begin, payer and charge for each payer; then for each count its hash, field,
# amount, and the seconds that the hash is kept.
# What may fail comes first, and the stream before the mark: what is marked is written. A balance that cannot be
# changed, since somebody spoilt it, holds up nobody: the ledger follows the stream. Nothing is told while Redis is not
# whole: what it has was counted from nothing.
SCRIPT = """
local counts = tonumber(ARGV[5])
local known = redis.call('GET', KEYS[3])
if not known or tonumber(known) < tonumber(ARGV[1]) then
  local now = redis.call('TIME')
  if now[1] * 1000000 + now[2] > tonumber(ARGV[3]) then return redis.error_reply('LATE this batch was given up') end
  redis.call('XADD', KEYS[1], '*', 'events', ARGV[4])
  redis.call('SET', KEYS[3], ARGV[1], 'EX', ARGV[2])
  for i = 6, counts - 1, 2 do redis.pcall('HINCRBY', KEYS[2], ARGV[i], ARGV[i + 1]) end
  for i = counts, #ARGV, 4 do
    redis.pcall('HINCRBY', ARGV[i], ARGV[i + 1], ARGV[i + 2])
    redis.pcall('EXPIRE', ARGV[i], ARGV[i + 3])
  end
end
if redis.call('EXISTS', KEYS[4]) == 0 then return {} end
local names = {}
for i = 6, counts - 1, 2 do names[#names + 1] = ARGV[i] end
local answer = redis.call('HMGET', KEYS[2], unpack(names))
for i = counts, #ARGV, 4 do answer[#answer + 1] = redis.pcall('HGET', ARGV[i], ARGV[i + 1]) end
return answer
"""
SCRIPT_ID = hashlib.sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()


class _Waiting(NamedTuple):
    event: MeterEvent
    text: bytes
    done: asyncio.Future[int | None]
    deadline: float
    """In the loop's time."""
    counts: tuple[Count, ...]


class MeterWriter:
    """One per gateway process. `start()` first, `close()` last."""

    def __init__(self, redis_url: str, *, patience: float = PATIENCE_SECONDS) -> None:
        """`patience` is how many seconds an event may wait for a Redis that is away."""
        self._link = _Link(redis_url)
        self._patience = patience
        self.counts: dict[str, dict[str, int]] = {}
        """By hash and field: what Redis said last. A gateway shares its own with the writer."""
        self._keys = (STREAM, BALANCES, f"{WRITER_KEY}{uuid.uuid4()}", WHOLE)
        self._batch_number = 0
        self._waiting: deque[_Waiting] = deque()
        self._wake = asyncio.Event()
        """Set when a batch is to be written."""
        self._enough = 1
        """So many that wait make a batch."""
        self._task: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        """The running one, which to ask for costs a system call."""

    async def start(self) -> None:
        """Starts to write."""
        self._loop = asyncio.get_running_loop()
        self._task = self._loop.create_task(self._run(), name="meter writer")

    async def close(self) -> None:
        """Stops; events that still wait get MeterUnavailable."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        _fail(self._waiting)
        await self._link.close()

    async def write(self, event: MeterEvent, counts: tuple[Count, ...] = ()) -> int | None:
        """Writes the event, charges its payer, and answers the payer's new hot balance in micro-credits.

        None while Redis does not know, since its data were lost and are being made anew. The counts are raised in the
        same step, and `self.counts` has their new values, as far as Redis knows them.

        Returns after Redis has it, on disk. Raises MeterUnavailable when that took longer than the writer's patience;
        the event is then not written later. Whoever is cancelled while it waits leaves the event to be written.
        """
        loop = self._loop
        if self._task is None or loop is None:
            raise MeterUnavailable("The meter's writer does not run.")
        done: asyncio.Future[int | None] = loop.create_future()
        self._waiting.append(_Waiting(event, msgspec.json.encode(event), done, loop.time() + self._patience, counts))
        if len(self._waiting) >= self._enough:
            self._wake.set()
        return await done

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            timer = loop.call_later(GATHER_SECONDS, self._write_any)
            await self._wake.wait()
            timer.cancel()
            batch = self._take_batch()
            try:
                await self._write_batch(batch)
            finally:  # those that were not told that it went well
                _fail(batch)
            self._wake.clear()
            self._enough = min(GATHER_LIMIT, max(1, len(batch)))  # a lone caller never waits
            if len(self._waiting) >= self._enough:
                self._wake.set()

    def _write_any(self) -> None:
        self._enough = 1
        if self._waiting:
            self._wake.set()

    def _take_batch(self) -> list[_Waiting]:
        """The oldest events. Those that waited for too long fail, and are not even sent."""
        now = asyncio.get_running_loop().time()
        while self._waiting and self._waiting[0].deadline <= now:
            _fail([self._waiting.popleft()])
        return [self._waiting.popleft() for _ in range(min(BATCH_LIMIT, len(self._waiting)))]

    async def _write_batch(self, batch: list[_Waiting]) -> None:
        if not batch:
            return
        self._batch_number += 1
        charges: Counter[str] = Counter()
        for event, *_ in batch:
            charges[event.payer_id] -= event.compute_charge + event.royalty_charge
        counts = [count for waiting in batch for count in waiting.counts]
        first_count = FIRST_PAYER + 2 * len(charges)
        arguments: list[str | int | bytes] = [join_lines(waiting.text for waiting in batch), first_count]
        for payer, change in charges.items():
            arguments += (payer, change)
        for count in counts:
            arguments += count
        deadline = max(batch[0].deadline, asyncio.get_running_loop().time() + LEAST_SECONDS)
        answer = await self._call_patiently(arguments, deadline)
        if answer is None:
            return
        answer = answer or [None] * (len(charges) + len(counts))
        balances, counted = answer[: len(charges)], answer[len(charges) :]
        for count, value in zip(counts, counted, strict=True):
            if (known := read_number(value)) is not None:
                self.counts.setdefault(count.key, {})[count.field] = known
        by_payer = {payer: read_number(balance) for payer, balance in zip(charges, balances, strict=True)}
        for event, _, done, *_ in batch:
            if not done.done():
                done.set_result(by_payer[event.payer_id])

    async def _call_patiently(self, arguments: list[str | int | bytes], deadline: float) -> list[object] | None:
        """What the script answers; None when Redis stayed away for too long."""
        while True:
            try:
                async with asyncio.timeout_at(deadline + ANSWER_SECONDS):
                    latest = await self._link.read_clock(deadline)
                    return await self._link.run(self._keys, self._batch_number, MEMORY_SECONDS, latest, *arguments)
            except TimeoutError:
                await self._link.close()
                return None
            except (RedisError, OSError):
                await self._link.close()
                if asyncio.get_running_loop().time() + RETRY_SECONDS > deadline:
                    return None
                await asyncio.sleep(RETRY_SECONDS)


class _Link:
    """One connection, made when it is needed, that knows the script and Redis's clock.

    The client's own execution of commands costs twice as much as all of this, for each call of a lone caller; and its
    own packing of them, in Python, ten times as much as hiredis's. It has no time limit of its own: whoever asks has
    one.
    """

    def __init__(self, redis_url: str) -> None:
        self._pool = redis.asyncio.ConnectionPool.from_url(redis_url, client_name="meter", socket_timeout=None)
        self._connection: redis.asyncio.Connection | None = None
        self._clock_ahead_us = 0.0
        """Redis's clock less the loop's."""

    async def read_clock(self, moment: float) -> int:
        """Redis's time in microseconds at a moment of the loop's time."""
        await self._open()
        return int(moment * 1e6 + self._clock_ahead_us)

    async def run(self, keys: tuple[str, ...], *arguments: str | int | bytes) -> list[object]:
        """What the script answers."""
        return cast("list[object]", await self._ask("EVALSHA", SCRIPT_ID, len(keys), *keys, *arguments))

    async def close(self) -> None:
        """Hangs up."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.disconnect(nowait=True)

    async def _open(self) -> None:
        if self._connection is not None:
            return
        self._connection = cast("redis.asyncio.Connection", self._pool.make_connection())  # type: ignore[no-untyped-call]
        await self._connection.connect()  # type: ignore[no-untyped-call]
        await self._ask("SCRIPT", "LOAD", SCRIPT)
        seconds, microseconds = cast("list[bytes]", await self._ask("TIME"))
        # Had the answer to wait for us, the clock seems slower than it is, and a batch is given up too early.
        self._clock_ahead_us = int(seconds) * 1e6 + int(microseconds) - asyncio.get_running_loop().time() * 1e6

    async def _ask(self, *command: str | int | bytes) -> object:
        assert self._connection is not None, "opened by read_clock"
        packed = hiredis.pack_command(command)  # type: ignore[arg-type] # its stub has a tuple of one
        await self._connection.send_packed_command(packed, check_health=False)
        return await self._connection.read_response()


def _fail(waiting: "deque[_Waiting] | list[_Waiting]") -> None:
    for _, _, done, *_ in waiting:
        if not done.done():
            done.set_exception(MeterUnavailable("The meter did not take a call's record in time."))
