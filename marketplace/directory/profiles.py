"""What versions are known to use, as it stands in Redis: hash `directory:profiles`, version id to Profile as JSON."""

from collections.abc import Collection

import msgspec
import redis

from execution.client import Profile

PROFILES = "directory:profiles"

_decoder = msgspec.json.Decoder(Profile)


def decode_profile(text: bytes) -> Profile:
    """One field's value."""
    return _decoder.decode(text)


def read_profiles(client: redis.Redis, version_ids: Collection[str]) -> dict[str, Profile]:
    """Those of these versions that were ever called; a few seconds old at most."""
    if not version_ids:
        return {}
    texts = client.hmget(PROFILES, list(version_ids))
    return {version_id: decode_profile(text) for version_id, text in zip(version_ids, texts, strict=True) if text}
