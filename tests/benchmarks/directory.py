"""What 40,000 published versions cost the calls of one: two platforms take turns, one with 10 and one with 40,000."""

import os
import signal
import statistics
import time
from collections.abc import Callable

import psutil

from tests.benchmarks.caller import Caller
from tests.benchmarks.load import calls_per_second
from tests.benchmarks.platform_under_test import ALGORITHMS, PlatformUnderTest, running_platform
from tests.benchmarks.target import Target

SMALL, LARGE = (3, 3, 3), (8_000, 5, 800)
"""Algorithms, versions of each, and organizations that own them; beside the echo that is called."""
ROUNDS = 12
CALLERS = 32
SECONDS = 1.0
WARM_CALLS = 500
WARM_UP_CALLS = 100
STARTS = 3
START_PATIENCE = 60.0
MEBIBYTE = 1 << 20
Say = Callable[[str], None]
Turn = tuple[float, float]
"""The median of warm calls in milliseconds, and calls per second."""


def measure_directory(say: Say) -> dict[str, float]:
    """Ratios of the large platform to the small one, and what the large one's web process takes."""
    with running_platform() as small, running_platform() as large:
        say(f"Filling a directory with {LARGE[0]} algorithms and {LARGE[0] * LARGE[1]} versions")
        echoes = [_prepare(platform, size) for platform, size in ((small, SMALL), (large, LARGE))]
        starts = [_restart_web(large, echoes[1]) for _ in range(STARTS)]
        _restart_web(small, echoes[0])
        turns: list[list[Turn]] = [[], []]
        for number in range(ROUNDS):
            say(f"Round {number + 1} of {ROUNDS}, few and many versions in turn")
            for which in (0, 1) if number % 2 else (1, 0):
                turns[which].append(_take_turn(echoes[which]))
        memory = psutil.Process(large.pid_of("web")).memory_info().rss
    return _summary(*turns) | {
        "algorithms": LARGE[0],
        "versions": LARGE[0] * LARGE[1],
        "web_mebibytes": round(memory / MEBIBYTE, 1),
        "start_seconds": round(statistics.median(starts), 2),
    }


def _summary(small: list[Turn], large: list[Turn]) -> dict[str, float]:
    """Each round's pair is compared: what else the machine does hits both of a pair alike."""
    pairs = list(zip(small, large, strict=True))
    return {
        "warm_median_ms": round(statistics.median(warm for warm, _ in large), 3),
        "calls_per_second": round(statistics.median(rate for _, rate in large), 1),
        "warm_ratio": round(statistics.median(many[0] / few[0] for few, many in pairs), 3),
        "calls_ratio": round(statistics.median(many[1] / few[1] for few, many in pairs), 3),
    }


def _prepare(platform: PlatformUnderTest, size: tuple[int, int, int]) -> Target:
    echo = platform.publish("echo", ALGORITHMS / "echo_python")
    platform.fill(*size)
    return echo


def _take_turn(target: Target) -> Turn:
    with Caller(target) as caller:
        caller.milliseconds(WARM_UP_CALLS)
        warm = statistics.median(caller.milliseconds(WARM_CALLS))
    return warm, calls_per_second(target, callers=CALLERS, seconds=SECONDS)


def _restart_web(platform: PlatformUnderTest, target: Target) -> float:
    """Seconds from the start of the web process to its first answer to a call."""
    before = platform.pid_of("web")
    os.kill(before, signal.SIGTERM)
    deadline = time.monotonic() + START_PATIENCE
    while platform.pid_of("web") in {before, 0}:
        _check_time(deadline)
    started = time.monotonic()
    while True:
        try:
            with Caller(target) as caller:
                caller.milliseconds(1)
            return time.monotonic() - started
        except (OSError, ValueError):  # it does not listen yet
            _check_time(deadline)


def _check_time(deadline: float) -> None:
    """Waits a little. Raises TimeoutError past the deadline."""
    if time.monotonic() > deadline:
        raise TimeoutError("The web process does not start again.")
    time.sleep(0.005)
