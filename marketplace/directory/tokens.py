"""Signed rights to call for a short while, without an API key: for the store's console, and for calls by algorithms.

A token is `agora1.<payload>.<signature>`: both in URL-safe base64, the payload as JSON, the signature HMAC-SHA256
with a key derived from the platform's secret. It is not stored anywhere, so it cannot be revoked: keep it short-lived.
"""

import base64
import binascii
import hashlib
import hmac
from functools import lru_cache

import msgspec

PREFIX = "agora1."
NOBODY = 0
"""The user of a token that acts for an organization alone: that of a version while it loads."""


class CallToken(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who may call, in whose name, and within which tree of calls."""

    organization_id: str
    """Whom the calls act for, and who pays."""
    user_id: int
    key_id: str | None = None
    """The API key that made the first call of the tree; None for the console."""
    root_id: str | None = None
    """The first call of the tree; None for a token that starts trees."""
    parent_id: str | None = None
    algorithm: str | None = None
    """`owner/name` of the algorithm that has the token; None for a token that starts trees."""
    depth: int = 0
    """How many calls stand above one made with this token."""
    expires: int
    """Seconds since the epoch."""
    most_depth: int | None = None
    """The deepest call that may be made in the tree; the platform's bound, if nothing is said. So are the next two."""
    most_calls: int | None = None
    """How many calls may be made below the first one."""
    most_cost: int | None = None
    """What they may cost together, in micro-credits, before no further one starts."""


_decoder = msgspec.json.Decoder(CallToken)


def sign_token(token: CallToken, *, secret: str) -> str:
    """The token as text, for an Authorization header. `secret` is the platform's SECRET_KEY."""
    payload = base64.urlsafe_b64encode(msgspec.json.encode(token)).rstrip(b"=")
    return f"{PREFIX}{payload.decode()}.{_sign(payload, secret)}"


def read_token(text: str, *, secret: str, now: float) -> CallToken | None:
    """The token that `text` is, or None if it was not signed by us or has expired."""
    payload, _, signature = text.removeprefix(PREFIX).partition(".")
    if not text.startswith(PREFIX) or not text.isascii():
        return None
    if not hmac.compare_digest(_sign(payload.encode(), secret), signature):
        return None
    try:
        token = _decoder.decode(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (binascii.Error, msgspec.DecodeError):
        return None
    return token if token.expires > now else None


def _sign(payload: bytes, secret: str) -> str:
    digest = hmac.digest(_signing_key(secret), payload, "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@lru_cache(maxsize=4)
def _signing_key(secret: str) -> bytes:
    return hashlib.sha256(b"agora call token\0" + secret.encode()).digest()
