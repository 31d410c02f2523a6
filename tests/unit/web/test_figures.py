"""Numbers as people read them."""

import pytest

from billing.api import CREDIT
from marketplace.web.figures import (
    NOTHING,
    format_bytes,
    format_compact,
    format_credits,
    format_duration,
    round_typical,
)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (None, NOTHING),
        (0, "0"),
        (1, "<0.0001"),
        (-1, ">-0.0001"),
        (100, "0.0001"),
        (CREDIT, "1"),
        (1_250_000, "1.25"),
        (-1_250_000, "-1.25"),
        (10 * CREDIT, "10"),
        (100 * CREDIT, "100"),
        (12_000 * CREDIT, "12,000"),
        (1_234_567_891_234, "1,234,567.8912"),
    ],
)
def test_credits(amount: int | None, text: str) -> None:
    assert format_credits(amount) == text


@pytest.mark.parametrize(
    ("amount", "rounded"),
    [(0, 0), (7, 7), (999, 999), (3_120_500, 3_120_000), (1_999, 2_000), (12_345_678, 12_300_000)],
)
def test_what_is_typical_has_three_digits(amount: int, rounded: int) -> None:
    assert round_typical(amount) == rounded


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (None, NOTHING),
        (0, "0"),
        (999, "999"),
        (1_000, "1k"),
        (1_234, "1.2k"),
        (35_400, "35k"),
        (1_400_000, "1.4M"),
        (2_000_000_000, "2B"),
    ],
)
def test_compact(count: int | None, text: str) -> None:
    assert format_compact(count) == text


@pytest.mark.parametrize("count", [9_960, 99_600, 999_600, 999_999, 999_999_999])
def test_a_compact_count_never_has_more_than_three_digits(count: int) -> None:
    digits = [character for character in format_compact(count) if character.isdigit()]
    assert len(digits) <= 3


@pytest.mark.parametrize(
    ("microseconds", "text"),
    [
        (None, NOTHING),
        (0, "0 µs"),
        (420, "420 µs"),
        (3_100, "3.1 ms"),
        (250_000, "250 ms"),
        (999_999, "1 s"),
        (1_400_000, "1.4 s"),
        (9_990_000, "10 s"),
        (59_900_000, "1 min 0 s"),
        (60_000_000, "1 min 0 s"),
        (200_000_000, "3 min 20 s"),
    ],
)
def test_duration(microseconds: int | None, text: str) -> None:
    assert format_duration(microseconds) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (None, NOTHING),
        (0, "0 B"),
        (1_023, "1023 B"),
        (1_536, "1.5 KiB"),
        (64 * 2**20, "64 MiB"),
        (2**30 - 1, "1 GiB"),
        (2**50, "1024 TiB"),
    ],
)
def test_bytes(size: int | None, text: str) -> None:
    assert format_bytes(size) == text
