"""Sealed texts."""

from typing import Any

import pytest

from marketplace.sealing import CannotUnseal, seal, seal_anew, unseal


def test_what_is_sealed_shows_nothing_and_can_be_unsealed() -> None:
    sealed = seal("a passwörd")
    assert "passw" not in sealed
    assert unseal(sealed) == "a passwörd"
    assert seal("a passwörd") != sealed


def test_an_old_key_is_read_until_everything_is_sealed_anew(settings: Any) -> None:
    settings.SEALING_KEYS = ["old"]
    sealed = seal("a password")
    settings.SEALING_KEYS = ["new", "old"]
    assert unseal(sealed) == "a password"
    anew = seal_anew(sealed)
    settings.SEALING_KEYS = ["new"]
    assert unseal(anew) == "a password"
    for read in (unseal, seal_anew):
        with pytest.raises(CannotUnseal):
            read(sealed)


def test_what_was_changed_is_not_unsealed() -> None:
    sealed = seal("a password")
    with pytest.raises(CannotUnseal):
        unseal(sealed[:-4] + "AAA=")
