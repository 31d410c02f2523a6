"""Word that a call has finished, from the worker to those who wait for it, by Redis."""

import asyncio
import uuid
from functools import cache

import redis
import redis.asyncio
from django.conf import settings

CHANNEL = "invocations:finished:{}"


def tell_finished(*call_ids: uuid.UUID) -> None:
    """To whoever waits now for one of these. Raises redis.RedisError."""
    with _client().pipeline(transaction=False) as pipeline:
        for call_id in call_ids:
            pipeline.publish(CHANNEL.format(call_id), b"finished")
        pipeline.execute()


class FinishedNews:
    """Listens for one call, from `async with` on: what finishes after that is not missed."""

    def __init__(self, call_id: uuid.UUID) -> None:
        self._channel = CHANNEL.format(call_id)

    async def __aenter__(self) -> "FinishedNews":
        self._client = redis.asyncio.Redis.from_url(settings.REDIS_URL, client_name="awaited-news")
        self._subscription = self._client.pubsub(ignore_subscribe_messages=True)
        try:
            await self._subscription.subscribe(self._channel)
        except redis.RedisError:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._subscription.aclose()
        await self._client.aclose()

    async def wait(self, seconds: float) -> None:
        """Returns when it has finished, or after so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                async for _ in self._subscription.listen():
                    return
        except TimeoutError:
            return


@cache
def _client() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, client_name="news")
