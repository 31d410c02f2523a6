"""What was measured, what was to be reached, and how both are shown."""

import json
import statistics
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.benchmarks.languages import most_cold_ms
from tests.benchmarks.peer_servers import BARE_ROUTE

MOST_WARM_MS = 1.0
MOST_COLD_MS = 20.0
LEAST_RATIO = 3.0
LEAST_CALLS_PER_SECOND = 5_000.0
"""From 32 callers, on two processors."""
MOST_DIRECTORY = {"warm_ratio": 1.1, "web_mebibytes": 300.0, "start_seconds": 5.0}
LEAST_CALLS_RATIO = 0.9
"""With 40,000 versions, of the calls per second with 10."""
MOST_BURST_SECONDS = 3.0
FLOOR = BARE_ROUTE.name
"""Measured for comparison; what goes round a model server's inference is no peer."""
PLATFORM = {"python": "Agora, Python", "javascript": "Agora, JavaScript"}


@dataclass
class Figures:
    """Of one contender: milliseconds of single calls, and calls per second of each round."""

    warm: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    cold: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return statistics.median(self.rates)

    def summary(self) -> dict[str, float]:
        found = {
            "warm_median_ms": round(statistics.median(self.warm), 3),
            "warm_p99_ms": round(statistics.quantiles(self.warm, n=100)[-1], 3),
            "calls_per_second": round(self.rate, 1),
        }
        return found | ({"cold_median_ms": round(statistics.median(self.cold), 2)} if self.cold else {})


Result = dict[str, Any]


def best_peer(measured: dict[str, Figures]) -> str:
    peers = measured.keys() - PLATFORM.values() - {FLOOR}
    return max(peers, key=lambda name: measured[name].rate)


def result_of(measured: dict[str, Figures]) -> Result:
    """The last line: the Python echo's figures, the best peer's, then JavaScript's and every peer's."""
    best = best_peer(measured)
    peers = {name: measured[name].summary() for name in measured.keys() - PLATFORM.values()}
    ours = {
        language: measured[name].summary() | {"ratio": round(measured[name].rate / measured[best].rate, 2)}
        for language, name in PLATFORM.items()
    }
    ratio = ours["python"].pop("ratio")
    return {
        **ours["python"],
        "best_peer": best,
        "best_peer_calls_per_second": peers[best]["calls_per_second"],
        "ratio": ratio,
        "javascript": ours["javascript"],
        "peers": dict(sorted(peers.items())),
    }


def missed(result: Result) -> list[str]:
    """A sentence for each target that was not reached."""
    return [*_missed_calls(result), *_missed_languages(result), *_missed_directory(result), *_missed_burst(result)]


def _missed_calls(result: Result) -> Iterator[str]:
    for language, found in {"Python": result, "JavaScript": result["javascript"]}.items():
        for name, limit in {"warm_median_ms": MOST_WARM_MS, "cold_median_ms": MOST_COLD_MS}.items():
            if found[name] >= limit:
                yield f"{language}: {name} is {found[name]}, and {limit} is the limit."
        for name, least in {"ratio": LEAST_RATIO, "calls_per_second": LEAST_CALLS_PER_SECOND}.items():
            if found[name] < least:
                yield f"{language}: {name} is {found[name]}, and {least} is the least."


def _missed_languages(result: Result) -> Iterator[str]:
    for language, milliseconds in result["cold_by_language"].items():
        if milliseconds >= (limit := most_cold_ms(language)):
            yield f"cold, {language}: the median is {milliseconds} ms, and {limit} is the limit."


def _missed_directory(result: Result) -> Iterator[str]:
    found = result["large_directory"]
    for name, limit in MOST_DIRECTORY.items():
        if found[name] >= limit:
            yield f"large directory: {name} is {found[name]}, and {limit} is the limit."
    if found["calls_ratio"] < LEAST_CALLS_RATIO:
        yield f"large directory: calls_ratio is {found['calls_ratio']}, and {LEAST_CALLS_RATIO} is the least."


def _missed_burst(result: Result) -> Iterator[str]:
    found = result["burst"]
    if found["lost"]:
        yield f"burst: {found['lost']} calls were not answered."
    if found["last_answer_seconds"] >= MOST_BURST_SECONDS:
        yield f"burst: the last answer came after {found['last_answer_seconds']} s, {MOST_BURST_SECONDS} is the limit."


def table(measured: dict[str, Figures]) -> str:
    """Columns for people. The ratio is to the best peer."""
    best = measured[best_peer(measured)].rate
    head = f"{'':<20}{'warm median':>13}{'warm p99':>12}{'32 callers':>16}{'of best peer':>14}{'cold median':>13}"
    lines = [head]
    for name, figures in measured.items():
        found = figures.summary()
        cold = f"{found['cold_median_ms']:.1f} ms" if "cold_median_ms" in found else ""
        lines.append(
            f"{name:<20}{found['warm_median_ms']:>10.2f} ms{found['warm_p99_ms']:>9.2f} ms"
            f"{found['calls_per_second']:>9,.0f} calls/s{found['calls_per_second'] / best:>13.2f}x{cold:>13}"
        )
    return "\n".join(lines)


def table_of_languages(result: Result) -> str:
    """Cold medians for people, and what is missing on this machine."""
    lines = [f"{'':<20}{'cold median':>13}{'limit':>10}"]
    for language, milliseconds in result["cold_by_language"].items():
        lines.append(f"{language:<20}{milliseconds:>10.1f} ms{most_cold_ms(language):>7.0f} ms")
    if result["missing_languages"]:
        lines.append(f"Not on this machine: {', '.join(result['missing_languages'])}")
    return "\n".join(lines)


def as_line(result: Result) -> str:
    return json.dumps(result)
