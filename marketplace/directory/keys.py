"""API keys as callers send them and as they are known. Pure."""

import hashlib

SCHEMES = frozenset({"simple", "bearer"})


def read_key(header: str) -> str:
    """The key's text in an Authorization header: `Simple KEY`, `Bearer KEY` or the bare key. Empty if there is none."""
    scheme, _, rest = header.strip().partition(" ")
    if scheme.lower() in SCHEMES:
        return rest.strip()
    return scheme


def hash_key(text: str) -> str:
    """What is kept of a key's text: SHA-256, hex. A key has 148 random bits, so that no salt is needed."""
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()
