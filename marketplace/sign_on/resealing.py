"""Secrets of how people sign in, sealed anew after AGORA_SEALING_KEYS got a newer key."""

import logging

from allauth.mfa.models import Authenticator

from marketplace.sealing import CannotUnseal, seal_anew
from marketplace.sign_on.models import SignOn

logger = logging.getLogger(__name__)
SEALED = ("secret", "seed")
"""Of an authenticator: what an app's codes and recovery codes are made from."""


def reseal_all() -> int:
    """Seals every secret with the newest key, but for those that no key opens; answers how many."""
    providers = sum(_reseal_provider(row) for row in SignOn.objects.exclude(sealed_secret="").iterator())
    return providers + sum(_reseal_factor(row) for row in Authenticator.objects.iterator())


def _reseal_provider(row: SignOn) -> bool:
    sealed = _seal(row.sealed_secret, row.pk)
    # Not if somebody has just written another value.
    return bool(
        sealed and SignOn.objects.filter(pk=row.pk, sealed_secret=row.sealed_secret).update(sealed_secret=sealed)
    )


def _reseal_factor(row: Authenticator) -> bool:
    name = next((name for name in SEALED if name in row.data), None)
    sealed = _seal(row.data[name], row.pk) if name else None
    if name is None or sealed is None:
        return False
    return bool(Authenticator.objects.filter(pk=row.pk, data=row.data).update(data=row.data | {name: sealed}))


def _seal(text: str, owner: object) -> str | None:
    try:
        return seal_anew(text)
    except CannotUnseal:
        logger.exception("A secret of %s could not be sealed anew", owner)
        return None
