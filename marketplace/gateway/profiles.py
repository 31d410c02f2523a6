"""Keeps what is learnt of versions in Redis, every few seconds and not with each call."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

import msgspec
import redis.asyncio
from redis.exceptions import RedisError

from execution.client import Recorder
from marketplace.directory.profiles import PROFILES, decode_profile

logger = logging.getLogger(__name__)

WRITE_SECONDS = 5.0


class ProfileKeeper:
    """One per gateway process. `start()` first, `close()` last. Of two gateways, the one that writes last is right."""

    def __init__(self, redis_url: str, take_changed: Callable[[], dict[str, Recorder]]) -> None:
        """`take_changed` gives the recorders of versions that were called since it was asked last."""
        self._take_changed = take_changed
        self._client = redis.asyncio.Redis.from_url(redis_url, client_name="profiles")
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begins to write."""
        self._task = asyncio.create_task(self._run(), name="profile keeper")

    async def close(self) -> None:
        """Writes a last time."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self.write()
        await self._client.aclose()

    async def write(self) -> None:
        """Writes what has changed. A Redis that is away loses a few seconds of it, and nobody waits for it."""
        changed = self._take_changed()
        try:
            await self._restore({name: recorder for name, recorder in changed.items() if not recorder.restored})
            if changed:
                texts = {name: msgspec.json.encode(recorder.profile) for name, recorder in changed.items()}
                await self._client.hset(PROFILES, mapping=texts)
        except (RedisError, OSError) as error:
            logger.warning("What %d versions use could not be written: %s", len(changed), error)

    async def _restore(self, recorders: dict[str, Recorder]) -> None:
        """Adds what was known of them before this process."""
        if not recorders:
            return
        texts = await self._client.hmget(PROFILES, list(recorders))
        for recorder, text in zip(recorders.values(), texts, strict=True):
            recorder.restored = True
            if text:
                recorder.profile.merge(decode_profile(text))

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(WRITE_SECONDS)
            await self.write()
