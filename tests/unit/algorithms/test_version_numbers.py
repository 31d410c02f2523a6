"""How versions are numbered, and how callers name one."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.algorithms.version_numbers import (
    BUMPS,
    Bump,
    VersionNumber,
    bump_of,
    is_exact,
    next_number,
    resolve_version,
)

bumps = st.sampled_from(BUMPS)


@dataclass(frozen=True)
class Entry:
    number: str
    source_hash: str = "0" * 64
    rolled_back: bool = False


@given(st.lists(bumps, min_size=1, max_size=30))
def test_every_publication_is_newer_than_all_before(sequence: list[Bump]) -> None:
    number: VersionNumber | None = None
    seen: list[VersionNumber] = []
    for bump in sequence:
        number = next_number(number, bump)
        assert bump_of(number) == bump
        assert all(number > earlier for earlier in seen)
        seen.append(number)


@pytest.mark.parametrize(("bump", "first"), [("major", "1.0.0"), ("minor", "0.1.0"), ("revision", "0.0.1")])
def test_the_first_version(bump: Bump, first: str) -> None:
    assert str(next_number(None, bump)) == first


@given(st.tuples(*[st.integers(0, 999)] * 3))
def test_a_number_survives_its_text(parts: tuple[int, int, int]) -> None:
    number = VersionNumber(*parts)
    assert VersionNumber.parse(str(number)) == number


PUBLISHED = [Entry("0.1.0", "a" * 64), Entry("1.0.0"), Entry("1.2.0"), Entry("1.2.10", "b" * 64), Entry("1.10.1")]


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        (None, "1.10.1"),
        ("", "1.10.1"),
        ("latest", "1.10.1"),
        ("latestPrivate", "1.10.1"),
        ("LATEST", "1.10.1"),
        ("1.X", "1.10.1"),
        ("1", "1.10.1"),
        ("1.*", "1.10.1"),
        ("0", "0.1.0"),
        ("1.2", "1.2.10"),
        ("1.2.*", "1.2.10"),
        ("1.2.x", "1.2.10"),
        ("1.2.0", "1.2.0"),
        ("1.3", None),
        ("2", None),
        ("1.2.3.4", None),
        ("banana", None),
        ("1.2.0-beta", None),
        ("٣", None),
        ("a" * 64, "0.1.0"),
        ("B" * 64, "1.2.10"),
        ("c" * 64, None),
    ],
)
def test_selectors(selector: str | None, expected: str | None) -> None:
    found = resolve_version(PUBLISHED, selector)
    assert (found.number if found else None) == expected


def test_nothing_published_resolves_to_nothing() -> None:
    assert resolve_version([], "latest") is None


@pytest.mark.parametrize(
    ("selector", "found"),
    [("", "1.1.0"), ("1", "1.1.0"), ("1.2", "1.2.0"), ("1.2.0", "1.2.0"), ("2", "2.0.0"), ("latest", "1.1.0")],
)
def test_who_names_no_version_gets_none_that_was_rolled_back(selector: str, found: str) -> None:
    versions = [Entry("1.0.0"), Entry("1.1.0"), Entry("1.2.0", rolled_back=True), Entry("2.0.0", rolled_back=True)]
    version = resolve_version(versions, selector)
    assert version is not None
    assert version.number == found


@pytest.mark.parametrize(
    ("selector", "exact"), [("1.2.3", True), ("A" * 64, True), ("1.2", False), ("1.2.x", False), ("latest", False)]
)
def test_which_selectors_name_one_version(selector: str, exact: bool) -> None:
    assert is_exact(selector) is exact
