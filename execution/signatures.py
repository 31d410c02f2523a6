"""The platform's signature of an artifact (Ed25519): made when its build ends, checked before a slot loads it.

A digest says what an artifact is; the signature says that this platform built it. So whoever can write to the object
storage, the database or Redis, and not sign, can have no files loaded that were not built here. Keys and signatures
are base64 text: a private key its seed of 32 bytes, a public key its 32 bytes.
"""

import base64
from collections.abc import Iterable
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from execution.errors import InvalidSetting

PURPOSE = b"agora artifact\0"
KEY_BYTES = 32


def sign_digest(digest: str, *, private_key: str) -> str:
    """The signature of the artifact with that SHA-256 (hex). Raises InvalidSetting."""
    signature = Ed25519PrivateKey.from_private_bytes(read_key(private_key)).sign(PURPOSE + digest.encode())
    return base64.b64encode(signature).decode()


def public_key_of(private_key: str) -> str:
    """What a signature is checked with. Raises InvalidSetting."""
    public = Ed25519PrivateKey.from_private_bytes(read_key(private_key)).public_key()
    return base64.b64encode(public.public_bytes_raw()).decode()


def find_signer(digest: str, signature: str, public_keys: Iterable[str]) -> str | None:
    """The key that the signature of the artifact is good by; None if there is none."""
    return next((key for key in public_keys if _is_good(digest, signature, key)), None)


def read_key(text: str) -> bytes:
    """Raises InvalidSetting."""
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise InvalidSetting(
            f"A key for artifacts is {KEY_BYTES} bytes in base64: `openssl rand -base64 32` makes one."
        )
    return key


@lru_cache(maxsize=10_000)
def _is_good(digest: str, signature: str, public_key: str) -> bool:
    try:
        decoded = base64.b64decode(signature, validate=True)
        Ed25519PublicKey.from_public_bytes(read_key(public_key)).verify(decoded, PURPOSE + digest.encode())
    except (InvalidSignature, ValueError):
        return False
    return True
