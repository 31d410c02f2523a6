"""Whether two results are the same. Pure: authors' machines ask it too."""

import hashlib

import msgspec


def digest_result(result: bytes) -> str:
    """SHA-256 of a JSON value, whatever the order of its members. Raises msgspec.DecodeError."""
    value = msgspec.json.decode(result)
    return hashlib.sha256(msgspec.json.encode(value, order="deterministic")).hexdigest()
