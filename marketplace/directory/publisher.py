"""Writes the directory: what the gateways read (entries.py), from the services, after their commit.

Every write and the message that announces it are one MULTI: a gateway that hears of a change finds it.
Whoever publishes a row holds a lock on it in PostgreSQL while reading and writing, so that the last one to write
is the last one who read.
"""

from functools import cache
from typing import Literal

import msgspec
import redis
from django.conf import settings

from marketplace.directory.entries import ALGORITHMS, CHANGES, KEYS, AlgorithmEntry, Change, KeyEntry


def publish_key(*, key_hash: str, entry: KeyEntry) -> None:
    """Makes the key usable. Raises redis.RedisError."""
    _write("keys", key_hash, entry)


def remove_key(*, key_hash: str) -> None:
    """Makes the key unusable, within a second everywhere. Raises redis.RedisError."""
    _write("keys", key_hash, None)


def publish_algorithm(entry: AlgorithmEntry) -> None:
    """Makes the algorithm's versions callable. Raises redis.RedisError."""
    _write("algorithms", algorithm_field(entry.owner, entry.name), entry)


def remove_algorithm(*, owner: str, name: str) -> None:
    """Makes the algorithm unknown to callers. Raises redis.RedisError."""
    _write("algorithms", algorithm_field(owner, name), None)


def find_differing_keys(expected: dict[str, KeyEntry]) -> set[str]:
    """Hashes of the keys whose entry in Redis is not the expected one, is missing or should not be there."""
    return _find_differences(KEYS, {field: msgspec.json.encode(entry) for field, entry in expected.items()})


def find_differing_algorithms(expected: list[AlgorithmEntry]) -> set[str]:
    """Fields (`owner/name`, lower case) whose entry in Redis is not the expected one."""
    encoded = {algorithm_field(entry.owner, entry.name): msgspec.json.encode(entry) for entry in expected}
    return _find_differences(ALGORITHMS, encoded)


def algorithm_field(owner: str, name: str) -> str:
    """The algorithm's field in the hash: names are the same in any case."""
    return f"{owner}/{name}".lower()


def _write(kind: Literal["keys", "algorithms"], field: str, entry: msgspec.Struct | None) -> None:
    key = KEYS if kind == "keys" else ALGORITHMS
    with _client().pipeline(transaction=True) as pipeline:
        if entry is None:
            pipeline.hdel(key, field)
        else:
            pipeline.hset(key, field, msgspec.json.encode(entry))
        pipeline.publish(CHANGES, msgspec.json.encode(Change(kind=kind, field=field)))
        pipeline.execute()


def _find_differences(key: str, expected: dict[str, bytes]) -> set[str]:
    held = {field.decode(): value for field, value in _client().hgetall(key).items()}
    return {field for field in held.keys() | expected.keys() if held.get(field) != expected.get(field)}


@cache
def _client() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL)
