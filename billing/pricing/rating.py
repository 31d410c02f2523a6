"""What a call costs. Pure: usage and a price in, integer micro-credits out."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

CREDIT = 1_000_000
"""Micro-credits in a credit."""

MICROSECONDS = 1_000_000
"""In a second."""

ComputeClass = Literal["cpu", "gpu"]
DEFAULT_COMPUTE_PER_SECOND: Mapping[ComputeClass, int] = {"cpu": 1 * CREDIT, "gpu": 20 * CREDIT}
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


COMPUTE_OUTCOMES = frozenset({"ok", "algorithm_error", "timeout", "cancelled"})
"""Outcomes whose time is paid for: whoever asked for the work, and the code that did it, decided on it."""


def rate(
    *,
    price_compute_per_second: int,
    price_royalty_per_call: int,
    price_royalty_per_second: int = 0,
    run_us: int,
    outcome: str,
    royalty_waived: bool = False,
) -> Charge:
    """The charge for a call that ran `run_us` microseconds.

    Waiting and loading cost nothing. The royalty is for answers only, and not for those it is waived for. Compute is
    for the time run, exactly, a fraction of a micro-credit not charged: of answers, and of failures that the algorithm
    or the caller made (COMPUTE_OUTCOMES). A call that failed by the platform's fault, or whose process died, is free.
    """
    compute = run_us * price_compute_per_second // MICROSECONDS if outcome in COMPUTE_OUTCOMES else 0
    if outcome != "ok" or royalty_waived:
        return Charge(compute, 0)
    return Charge(compute, price_royalty_per_call + run_us * price_royalty_per_second // MICROSECONDS)


def default_compute_per_second(environment: str) -> int:
    """What a second in that environment costs unless its version says otherwise, in micro-credits, by its class."""
    return DEFAULT_COMPUTE_PER_SECOND[compute_class(environment)]


def compute_class(environment: str) -> ComputeClass:
    """Whether the environment, `language[version][-gpu]`, runs on a processor or with a GPU."""
    return "gpu" if environment.endswith("-gpu") else "cpu"


def share_royalty(royalty: int) -> RoyaltyShare:
    """The author's 80 per cent, rounded down to a whole micro-credit, and the platform's rest."""
    author = royalty * AUTHOR_PERCENT // 100
    return RoyaltyShare(author=author, platform=royalty - author)
