"""Writes the directory: what the gateways read (entries.py), from the services, after their commit.

Writes and the messages that announce them are one MULTI: a gateway that hears of a change finds it. Whoever publishes
a row holds a lock on it in PostgreSQL while reading and writing, so that the last one to write is the last one who
read.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Literal

import msgspec
import redis
from django.conf import settings

from marketplace.directory.entries import (
    ALGORITHMS,
    APPROVALS,
    CHANGES,
    KEYS,
    LIMITS,
    AlgorithmEntry,
    ApprovalsEntry,
    Change,
    KeyEntry,
    LimitsEntry,
)

Kind = Literal["keys", "algorithms", "limits", "approvals"]
HASHES: Mapping[Kind, str] = {"keys": KEYS, "algorithms": ALGORITHMS, "limits": LIMITS, "approvals": APPROVALS}


def publish_keys(entries: Mapping[str, KeyEntry | None]) -> None:
    """Makes the keys, by hash, usable; None makes one unusable, within a second everywhere. Raises redis.RedisError."""
    _write("keys", entries)


def publish_algorithms(entries: Mapping[str, AlgorithmEntry | None]) -> None:
    """Makes the algorithms, by field, callable; None makes one unknown to callers. Raises redis.RedisError."""
    _write("algorithms", entries)


def publish_limits(entries: Mapping[str, LimitsEntry | None]) -> None:
    """Makes these the limits of the organizations, by id; None lifts them. Raises redis.RedisError."""
    _write("limits", entries)


def publish_approvals(entries: Mapping[str, ApprovalsEntry | None]) -> None:
    """Lets the organizations, by id, call nothing else of others; None lets one call anything. Raises RedisError."""
    _write("approvals", entries)


def find_differing_approvals(expected: Mapping[str, ApprovalsEntry]) -> set[str]:
    """Ids of the organizations whose list in Redis is not the expected one."""
    return _find_differences(APPROVALS, expected)


def find_differing_limits(expected: Mapping[str, LimitsEntry]) -> set[str]:
    """Ids of the organizations whose limits in Redis are not the expected ones."""
    return _find_differences(LIMITS, expected)


def find_differing_keys(expected: Mapping[str, KeyEntry]) -> set[str]:
    """Hashes of the keys whose entry in Redis is not the expected one, is missing or should not be there."""
    return _find_differences(KEYS, expected)


def find_differing_algorithms(expected: Iterable[AlgorithmEntry]) -> set[str]:
    """Fields (`owner/name`, lower case) whose entry in Redis is not the expected one."""
    return _find_differences(ALGORITHMS, {algorithm_field(entry.owner, entry.name): entry for entry in expected})


def algorithm_field(owner: str, name: str) -> str:
    """The algorithm's field in the hash: names are the same in any case."""
    return f"{owner}/{name}".lower()


def _write(kind: Kind, entries: Mapping[str, msgspec.Struct | None]) -> None:
    key = HASHES[kind]
    with _client().pipeline(transaction=True) as pipeline:
        for field, entry in entries.items():
            if entry is None:
                pipeline.hdel(key, field)
            else:
                pipeline.hset(key, field, msgspec.json.encode(entry))
            pipeline.publish(CHANGES, msgspec.json.encode(Change(kind=kind, field=field)))
        pipeline.execute()


def _find_differences(key: str, expected: Mapping[str, msgspec.Struct]) -> set[str]:
    held = {field.decode(): value for field, value in _client().hgetall(key).items()}
    wanted = {field: msgspec.json.encode(entry) for field, entry in expected.items()}
    return {field for field in held.keys() | wanted.keys() if held.get(field) != wanted.get(field)}


@cache
def _client() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, client_name="directory")
