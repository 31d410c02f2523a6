"""How fast a language answers and how much an idle slot of it holds, for docs/reference/languages.md."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.conformance.bench import Bench
from tests.conformance.slot import Slot

WARM_CALLS, COLD_STARTS = 300, 5
VALUE = {"any": ["value", 1]}


@dataclass(frozen=True)
class Measures:
    """Medians: milliseconds, and bytes."""

    cold_from_pool: float
    """From the order to load until the first answer of a slot that had booted."""
    cold_from_nothing: float
    """From the start of a slot's process until its first answer."""
    warm: float
    """One call, of a slot that has answered before."""
    idle_memory: float
    """What a booted slot holds that waits for a version."""


def measure(bench: Bench) -> Measures:
    """Runs the test algorithm of the language again and again."""
    pool, nothing, memory, warm = [], [], [], []
    for _ in range(COLD_STARTS):
        started = time.perf_counter()
        with bench.boot() as slot:
            memory.append(slot.memory())
            pool.append(_milliseconds(lambda slot=slot: _load_and_call(bench, slot)))
            nothing.append((time.perf_counter() - started) * 1e3)
    with bench.start() as slot:
        warm = [_milliseconds(lambda: slot.call(VALUE)) for _ in range(WARM_CALLS)]
    return Measures(*map(statistics.median, (pool, nothing, warm[WARM_CALLS // 3 :], memory)))


def _load_and_call(bench: Bench, slot: Slot) -> None:
    bench.load(slot)
    slot.call(VALUE)


def _milliseconds(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return (time.perf_counter() - started) * 1e3
