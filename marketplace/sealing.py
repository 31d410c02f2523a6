"""Texts that the database keeps and only this platform can read: secrets of algorithms, credentials.

Sealed with Fernet, by a key derived from the first of settings.SEALING_KEYS. To change it, put a new one before the old
one: what was sealed with an old key is read until the daily task has sealed it anew.
"""

import base64
from functools import cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

PURPOSE = b"agora sealed texts"


class CannotUnseal(Exception):
    """The text was sealed with a key that is not among the settings any more, or was changed."""


def seal(text: str) -> str:
    """The text, so that only unseal() can read it."""
    return _seals(tuple(settings.SEALING_KEYS)).encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """What seal() was given. Raises CannotUnseal."""
    try:
        return _seals(tuple(settings.SEALING_KEYS)).decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise CannotUnseal("AGORA_SEALING_KEYS has no key that this was sealed with.") from None


def seal_anew(sealed: str) -> str:
    """The same text, sealed with the newest key. Raises CannotUnseal."""
    try:
        return _seals(tuple(settings.SEALING_KEYS)).rotate(sealed.encode()).decode()
    except InvalidToken:
        raise CannotUnseal("AGORA_SEALING_KEYS has no key that this was sealed with.") from None


@cache
def _seals(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(_derive(key)) for key in keys])


def _derive(key: str) -> bytes:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE).derive(key.encode())
    return base64.urlsafe_b64encode(derived)
