"""Only who holds the key can have an artifact loaded."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from execution.errors import InvalidSetting
from execution.signatures import find_signer, public_key_of, sign_digest

OLD, NEW = (base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2))
DIGEST = "ab" * 32


def test_a_signature_is_good_by_its_key_and_for_its_artifact() -> None:
    signature = sign_digest(DIGEST, private_key=OLD)
    keys = (public_key_of(NEW), public_key_of(OLD))
    assert find_signer(DIGEST, signature, keys) == keys[1]
    assert find_signer("cd" * 32, signature, keys) is None
    assert find_signer(DIGEST, signature, keys[:1]) is None


@pytest.mark.parametrize("signature", ["", "?", "AAAA", base64.b64encode(b"\0" * 64).decode(), "AA=" + "\0"])
def test_what_is_no_signature_is_good_by_none(signature: str) -> None:
    assert find_signer(DIGEST, signature, (public_key_of(OLD),)) is None


def test_a_signature_of_the_bare_digest_is_for_something_else() -> None:
    key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(OLD))
    signature = base64.b64encode(key.sign(DIGEST.encode())).decode()
    assert find_signer(DIGEST, signature, (public_key_of(OLD),)) is None


@pytest.mark.parametrize("key", ["", "short", base64.b64encode(b"x" * 31).decode(), "é"])
def test_a_key_that_is_none_is_said_to_be(key: str) -> None:
    with pytest.raises(InvalidSetting):
        sign_digest(DIGEST, private_key=key)
