"""Keeps what failing algorithms said, for their authors: beside the meter, and never in a call's way."""

import asyncio
import logging
from collections import deque
from contextlib import suppress

import redis.asyncio
from redis.exceptions import RedisError

from execution.client import AlgorithmFailure
from marketplace.directory.recent import Failure, push_failure
from marketplace.gateway.mirror import Target

logger = logging.getLogger(__name__)

WRITE_SECONDS = 0.5
MOST_WAITING = 1_000
"""More failures than these in WRITE_SECONDS: the oldest are let go."""
INPUT_CHARACTERS = 128
MESSAGE_CHARACTERS = 2_000
STACKTRACE_CHARACTERS = 6_000


class FailureLog:
    """One per gateway process. `start()` first, `close()` last."""

    def __init__(self, redis_url: str) -> None:
        self._client = redis.asyncio.Redis.from_url(redis_url, client_name="failures")
        self._waiting: deque[tuple[Failure, tuple[str, str]]] = deque(maxlen=MOST_WAITING)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begins to write."""
        self._task = asyncio.create_task(self._run(), name="failure log")

    async def close(self) -> None:
        """Writes a last time."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self.write()
        await self._client.aclose()

    def note(
        self, target: Target, failure: AlgorithmFailure, *, call_id: str, payer_id: str, started_at: int, body: bytes
    ) -> None:
        """Takes a failed call; it is written a moment later."""
        row = Failure(
            at=started_at,
            call_id=call_id,
            algorithm=target.full_name,
            version=target.version.number,
            payer_id=payer_id,
            input=body[: 4 * INPUT_CHARACTERS].decode(errors="replace")[:INPUT_CHARACTERS],
            error=failure.message[:MESSAGE_CHARACTERS],
            error_type=failure.error_type,
            stacktrace=(failure.stacktrace or "")[-STACKTRACE_CHARACTERS:],
        )
        self._waiting.append((row, (target.algorithm.algorithm_id, target.algorithm.organization_id)))

    async def write(self) -> None:
        """Writes what waits. A Redis that is away loses it: nobody's money depends on it."""
        if not self._waiting:
            return
        async with self._client.pipeline(transaction=False) as pipeline:
            while self._waiting:
                row, subjects = self._waiting.popleft()
                push_failure(pipeline, row, subjects=subjects)
            try:
                await pipeline.execute()
            except (RedisError, OSError) as error:
                logger.warning("What failed could not be written for the authors: %s", error)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(WRITE_SECONDS)
            await self.write()
