"""How an algorithm was used in the last 30 days, and what using it will cost. Charts are drawn on the server."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.core.cache import cache
from django.utils import timezone

from billing import api as billing
from billing.api import DayOfTimes, PriceTerms
from marketplace.algorithms.models import Algorithm
from marketplace.algorithms.selectors import published_algorithms
from marketplace.invocations.selectors import STATISTICS_WINDOW, list_days
from marketplace.web.console.charts import Chart, make_chart, name_day

USERS_CACHE_SECONDS = 600
USERS_SHOWN = 6
MOST_CALLS = 10**9
MOST_MILLISECONDS = 3_600_000
USUAL_CALLS = 10_000
USUAL_MILLISECONDS = 100
LINE_HEIGHT = 100
LINE_STEP = 30


@dataclass(frozen=True)
class Line:
    """A line through the days of a picture that is LINE_HEIGHT high; a day without calls leaves a gap."""

    name: str
    parts: list[str]
    """Points of one SVG polyline each."""


@dataclass(frozen=True)
class LatencyChart:
    """Median and 95 of 100, in microseconds; `most` is what the top of the picture stands for."""

    lines: list[Line]
    most: int
    width: int
    days: list[DayOfTimes]


@dataclass(frozen=True)
class Estimate:
    """What so many calls a month cost, in micro-credits."""

    calls: int
    milliseconds: int
    royalty: int
    compute: int
    free_calls: int
    """How many of them owe no royalty."""

    @property
    def total(self) -> int:
        """Everything."""
        return self.royalty + self.compute


def make_calls_chart(algorithm: Algorithm) -> Chart:
    """Calls on each of the last 30 days, the failed part of them low."""
    days = list_days(algorithm=algorithm)
    return make_chart([(name_day(day.day), day.calls, day.failed) for day in days])


def make_latency_chart(algorithm: Algorithm) -> LatencyChart | None:
    """How long answered calls ran on each of the last 30 days; None when there were none."""
    days = billing.measure_times_by_day(
        author_id=algorithm.organization_id,
        algorithm=algorithm.full_name,
        days=STATISTICS_WINDOW.days,
        today=timezone.now().date(),
    )
    most = max((day.p95_run_us or 0 for day in days), default=0)
    if not most:
        return None
    lines = [
        Line("95 of 100 within", _draw([day.p95_run_us for day in days], most)),
        Line("Median", _draw([day.median_run_us for day in days], most)),
    ]
    return LatencyChart(lines, most, (len(days) - 1) * LINE_STEP, days)


def list_users(algorithm: Algorithm) -> list[str]:
    """Public algorithms that called this one lately, as `owner/name`; at most ten minutes old."""
    key = f"statistics:users:{algorithm.id}"
    names = cache.get(key)
    if names is None:
        names = _find_users(algorithm)
        cache.set(key, names, USERS_CACHE_SECONDS)
    return names


def make_estimate(parameters: Mapping[str, str], terms: PriceTerms, median_run_us: int | None) -> Estimate:
    """By the arithmetic that charges, for what a visitor asks: `calls` a month that run `ms` each."""
    usual = max(1, median_run_us // 1_000) if median_run_us is not None else USUAL_MILLISECONDS
    calls = _read(parameters.get("calls", ""), USUAL_CALLS, MOST_CALLS)
    milliseconds = _read(parameters.get("ms", ""), usual, MOST_MILLISECONDS)
    charge = billing.rate(
        price_compute_per_second=terms.compute_per_second,
        price_royalty_per_call=terms.royalty_per_call,
        price_royalty_per_second=terms.royalty_per_second,
        run_us=milliseconds * 1_000,
        outcome="ok",
        royalty_waived=False,
    )
    free = min(calls, terms.free_calls_per_month or 0)
    return Estimate(calls, milliseconds, charge.royalty * (calls - free), charge.compute * calls, free)


def _find_users(algorithm: Algorithm) -> list[str]:
    names = billing.list_callers(
        author_id=algorithm.organization_id, algorithm=algorithm.full_name, since=timezone.now() - timedelta(days=30)
    )
    wanted = [name.split("/") for name in names if name != algorithm.full_name]
    candidates = published_algorithms(viewer=None).filter(
        organization__slug__in={owner for owner, _ in wanted}, name__in={name for _, name in wanted}
    )
    visible = {each.full_name for each in candidates}
    return [name for name in names if name in visible][:USERS_SHOWN]


def _draw(values: list[int | None], most: int) -> list[str]:
    parts: list[list[str]] = [[]]
    for number, value in enumerate(values):
        if value is None:
            parts.append([])
        else:
            parts[-1].append(f"{number * LINE_STEP},{LINE_HEIGHT - round(value * LINE_HEIGHT / most, 1)}")
    return [" ".join(part if len(part) > 1 else part * 2) for part in parts if part]


def _read(text: str, usual: int, most: int) -> int:
    return min(int(text), most) if text.isascii() and text.isdigit() and len(text) < 12 else usual
