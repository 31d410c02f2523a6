"""Signatures of artifacts: by the newest of settings.SIGNING_KEYS, good by any of them.

To change the key, put a new one before the old one, run `agora sign`, and take the old one away when the gateways know
the new signatures, a minute later.
"""

import base64
import logging
from functools import cache

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from execution.signatures import KEY_BYTES, find_signer, public_key_of, sign_digest
from marketplace.algorithms.models import ArtifactSignature

logger = logging.getLogger(__name__)

PURPOSE = b"agora artifacts"


def sign_artifact(digest: str) -> None:
    """Vouches for an artifact that this platform has just built. Safe to repeat."""
    signature = sign_digest(digest, private_key=private_keys()[0])
    ArtifactSignature.objects.update_or_create(artifact=digest, defaults={"signature": signature})


def sign_anew() -> tuple[int, int]:
    """Signs with the newest key what an older one signed: how many, and how many are left that no key is good for."""
    known, newest = public_keys(), private_keys()[0]
    signed = left = 0
    for row in ArtifactSignature.objects.iterator():
        signer = find_signer(row.artifact, row.signature, known)
        if signer is None:
            logger.error("The signature of artifact %s is by no known key, and stays as it is", row.artifact)
            left += 1
        elif signer != known[0]:
            signature = sign_digest(row.artifact, private_key=newest)
            ArtifactSignature.objects.filter(pk=row.pk).update(signature=signature)
            signed += 1
    return signed, left


def private_keys() -> tuple[str, ...]:
    """Newest first; without a setting, the one key that the platform's secret gives. Raises InvalidSetting."""
    return tuple(settings.SIGNING_KEYS) or (_derive(settings.SECRET_KEY),)


def public_keys() -> tuple[str, ...]:
    """What agents check signatures with, in the same order. Raises InvalidSetting."""
    return tuple(public_key_of(key) for key in private_keys())


@cache
def _derive(secret: str) -> str:
    derived = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=PURPOSE).derive(secret.encode())
    return base64.b64encode(derived).decode()
