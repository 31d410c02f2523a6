"""The directory as a gateway finds it, and a channel on which it hears of changes."""

from collections.abc import Iterator

import msgspec
import pytest
import redis
from django.conf import settings

from billing.metering.events import WHOLE
from marketplace.directory.entries import ALGORITHMS, CHANGES, KEYS, AlgorithmEntry, Change, KeyEntry


class Gateway:
    """Reads Redis as a gateway does."""

    def __init__(self, client: redis.Redis, subscription: redis.client.PubSub) -> None:
        self.client = client
        self._subscription = subscription

    def find_key(self, key_hash: str) -> KeyEntry | None:
        found = self.client.hget(KEYS, key_hash)
        return msgspec.json.decode(found, type=KeyEntry) if found else None

    def find_algorithm(self, field: str) -> AlgorithmEntry | None:
        found = self.client.hget(ALGORITHMS, field)
        return msgspec.json.decode(found, type=AlgorithmEntry) if found else None

    def whole_directory(self) -> dict[str, dict[bytes, bytes]]:
        return {key: self.client.hgetall(key) for key in (KEYS, ALGORITHMS)}

    def hear(self) -> list[Change]:
        """What was announced since the last time, but for balances."""
        heard = []
        while message := self._subscription.get_message(timeout=0.2):
            heard.append(msgspec.json.decode(message["data"], type=Change))
        return [change for change in heard if change.kind != "balances"]


@pytest.fixture
def gateway(transactional_db: None) -> Iterator[Gateway]:
    """Services commit in these tests, and Redis is empty at first, as that of a new platform."""
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.flushdb()
        client.set(WHOLE, 1)
        with client.pubsub(ignore_subscribe_messages=True) as subscription:
            subscription.subscribe(CHANGES)
            assert subscription.get_message(timeout=5) is None  # subscribed
            yield Gateway(client, subscription)
        client.flushdb()
