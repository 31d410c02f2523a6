"""How algorithms stand in the store, computed by the clock, so that no page of the store counts calls."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

from billing import api as billing
from billing.api import PriceTerms
from marketplace.algorithms.models import Algorithm, Standing
from marketplace.algorithms.selectors import list_latest_versions, published_algorithms
from marketplace.algorithms.standings import find_input_kind, write_usage
from marketplace.invocations.selectors import STATISTICS_WINDOW

BATCH = 500
WEEK = timedelta(days=7)
FEWEST_FOR_TREND = 10
"""So many calls are added to both weeks: three calls after one are no trend."""


def refresh_standings(*, now: datetime) -> int:
    """Counts and prices every public algorithm; how many those are. Safe to repeat."""
    algorithms = list(published_algorithms(viewer=None).order_by("pk"))
    weeks = _count_weeks(now)
    for start in range(0, len(algorithms), BATCH):
        write_usage(_make_standings(algorithms[start : start + BATCH], weeks, now))
    return len(algorithms)


def price_typical_call(terms: PriceTerms, median_run_us: int | None) -> int | None:
    """Micro-credits of a call that runs for the median time; None when it costs and nobody knows the median."""
    per_second = terms.compute_per_second + terms.royalty_per_second
    if not per_second and not terms.royalty_per_call:
        return 0
    return None if median_run_us is None else terms.royalty_per_call + per_second * median_run_us // 1_000_000


def _count_weeks(now: datetime) -> tuple[dict[str, int], dict[str, int]]:
    """The calls of the last 7 days and of the 7 before, by `owner/name`."""
    both = dict(billing.rank_algorithms(since=now - 2 * WEEK, limit=None))
    last = dict(billing.rank_algorithms(since=now - WEEK, limit=None))
    return last, {name: calls - last.get(name, 0) for name, calls in both.items()}


def _make_standings(
    algorithms: Sequence[Algorithm], weeks: tuple[dict[str, int], dict[str, int]], now: datetime
) -> list[Standing]:
    versions = list_latest_versions(algorithms=algorithms)
    prices = billing.get_prices([version.id for version in versions.values()], now)
    measured = billing.measure_algorithms(
        author_ids={algorithm.organization_id for algorithm in algorithms},
        algorithms=[algorithm.full_name for algorithm in algorithms],
        since=now - STATISTICS_WINDOW,
    )
    standings = []
    for algorithm in algorithms:
        name, version, measures = algorithm.full_name, versions.get(algorithm.id), measured.get(algorithm.full_name)
        standing = Standing(algorithm=algorithm, calls=measures.calls if measures else 0)
        standing.rising = _rise(weeks[0].get(name, 0), weeks[1].get(name, 0))
        if version:
            standing.price = price_typical_call(prices[version.id], measures.median_run_us if measures else None)
            standing.input_kind = find_input_kind(version.sample_input)
        standings.append(standing)
    return standings


def _rise(last: int, before: int) -> float:
    """Growth counts, and so does size: from 10 calls to 1,000 is more than from 1 to 100."""
    growth = math.log((last + FEWEST_FOR_TREND) / (before + FEWEST_FOR_TREND))
    return growth * math.log1p(last) if growth > 0 else growth
