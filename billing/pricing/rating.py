"""What a call costs. Pure: usage and a price in, integer micro-credits out."""

from typing import NamedTuple

CREDIT = 1_000_000
"""Micro-credits in a credit."""

DEFAULT_COMPUTE_PER_SECOND = 1 * CREDIT
DEFAULT_ROYALTY_PER_CALL = 0
AUTHOR_PERCENT = 80


class Charge(NamedTuple):
    """What the caller pays, in micro-credits: `compute` goes to the platform, `royalty` is shared with the author."""

    compute: int
    royalty: int


class RoyaltyShare(NamedTuple):
    """How a royalty is divided, in micro-credits; the two add up to it exactly."""

    author: int
    platform: int


FREE = Charge(0, 0)


def rate(*, price_compute_per_second: int, price_royalty_per_call: int, run_us: int, outcome: str) -> Charge:
    """The charge for a call that ran `run_us` microseconds.

    A call costs only when its outcome is "ok": whoever is at fault, a failed call costs nothing. Waiting and loading
    cost nothing either. Compute is for the time run, exactly, and a fraction of a micro-credit is not charged.
    """
    if outcome != "ok":
        return FREE
    return Charge(compute=run_us * price_compute_per_second // 1_000_000, royalty=price_royalty_per_call)


def share_royalty(royalty: int) -> RoyaltyShare:
    """The author's 80 per cent, rounded down to a whole micro-credit, and the platform's rest."""
    author = royalty * AUTHOR_PERCENT // 100
    return RoyaltyShare(author=author, platform=royalty - author)
