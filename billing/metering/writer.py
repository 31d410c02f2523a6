"""Writes meter events and charges the hot balances: one Redis round trip for all calls that end at about the same time.

While a script call is in flight, the events of calls that end meanwhile gather, and go with the next. Each batch has
a number, and the script remembers the last one of each writer: a batch that is sent again, because the connection
broke before the answer came, is not written twice.
"""

import asyncio
import contextlib
import uuid
from collections import Counter

import msgspec
import redis.asyncio
from redis.exceptions import RedisError

from billing.errors import MeterUnavailable
from billing.metering.events import BALANCES, STREAM, MeterEvent

PATIENCE_SECONDS = 5.0
RETRY_SECONDS = 0.02
MEMORY_SECONDS = 86_400
BATCH_LIMIT = 500
WRITER_KEY = "meter:writer:"

# ARGV: batch number, seconds to remember it, number of payers, then payer and charge for each, then the events.
# The stream is written before anything else can fail: one script is all or nothing in the append-only file.
SCRIPT = """
local payers = tonumber(ARGV[3])
local known = redis.call('GET', KEYS[3])
if not known or tonumber(known) < tonumber(ARGV[1]) then
  for i = 4 + 2 * payers, #ARGV do redis.call('XADD', KEYS[1], '*', 'event', ARGV[i]) end
  for i = 4, 3 + 2 * payers, 2 do redis.call('HINCRBY', KEYS[2], ARGV[i], ARGV[i + 1]) end
  redis.call('SET', KEYS[3], ARGV[1], 'EX', ARGV[2])
end
local names = {}
for i = 4, 3 + 2 * payers, 2 do names[#names + 1] = ARGV[i] end
return redis.call('HMGET', KEYS[2], unpack(names))
"""

Waiting = tuple[MeterEvent, "asyncio.Future[int]"]


class MeterWriter:
    """One per gateway process. `start()` first, `close()` last."""

    def __init__(self, redis_url: str, *, patience: float = PATIENCE_SECONDS) -> None:
        """`patience` is how many seconds an event may wait for a Redis that is away."""
        self._client = redis.asyncio.Redis.from_url(redis_url)
        self._script = self._client.register_script(SCRIPT)
        self._patience = patience
        self._keys = (STREAM, BALANCES, f"{WRITER_KEY}{uuid.uuid4()}")
        self._batch_number = 0
        self._waiting: list[Waiting] = []
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Starts to write."""
        self._task = asyncio.create_task(self._run(), name="meter writer")

    async def close(self) -> None:
        """Stops; events that still wait get MeterUnavailable."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        self._fail(self._waiting)
        await self._client.aclose()

    async def write(self, event: MeterEvent) -> int:
        """Writes the event, charges its payer, and answers the payer's new hot balance in micro-credits.

        Returns after Redis has it, on disk. Raises MeterUnavailable when that took longer than the writer's patience.
        """
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append((event, done))
        self._wake.set()
        return await done

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            batch, self._waiting = self._waiting[:BATCH_LIMIT], self._waiting[BATCH_LIMIT:]
            if not self._waiting:
                self._wake.clear()
            try:
                await self._write_batch(batch)
            except asyncio.CancelledError:
                self._fail(batch)
                raise

    async def _write_batch(self, batch: list[Waiting]) -> None:
        self._batch_number += 1
        charges: Counter[str] = Counter()
        for event, _ in batch:
            charges[event.payer_id] -= event.compute_charge + event.royalty_charge
        arguments: list[str | int | bytes] = [self._batch_number, MEMORY_SECONDS, len(charges)]
        for payer, change in charges.items():
            arguments += (payer, change)
        arguments += [msgspec.json.encode(event) for event, _ in batch]
        balances = await self._call_patiently(arguments)
        if balances is None:
            self._fail(batch)
            return
        by_payer = dict(zip(charges, map(int, balances), strict=True))
        for event, done in batch:
            if not done.done():
                done.set_result(by_payer[event.payer_id])

    async def _call_patiently(self, arguments: list[str | int | bytes]) -> list[bytes] | None:
        """What the script answers; None when Redis stayed away for too long."""
        deadline = asyncio.get_running_loop().time() + self._patience
        while True:
            try:
                async with asyncio.timeout_at(deadline):
                    answer: list[bytes] = await self._script(self._keys, arguments)
                    return answer
            except TimeoutError:
                return None
            except (RedisError, OSError):
                if asyncio.get_running_loop().time() + RETRY_SECONDS > deadline:
                    return None
                await asyncio.sleep(RETRY_SECONDS)

    def _fail(self, batch: list[Waiting]) -> None:
        for _, done in batch:
            if not done.done():
                done.set_exception(MeterUnavailable("The meter did not take a call's record in time."))
