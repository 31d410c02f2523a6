"""How long the first call of a version takes in each language, when a booted slot of the language is there.

Languages take turns, so that the agent has booted the next slot of one long before its next turn.
"""

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from execution.environments import Environment
from tests.benchmarks.caller import Caller
from tests.benchmarks.echoes import echo_folder, find_languages
from tests.benchmarks.platform_under_test import PlatformUnderTest, running_platform
from tests.benchmarks.target import Target

COLD_VERSIONS = 5
SLOW_LANGUAGES = {"clojure", "csharp", "elixir", "groovy", "java", "kotlin", "octave", "r", "scala"}
"""Those with a virtual machine, or a large system of their own: they may take longer to load, and boot for longer. The
promise names the JVM's languages, R and C# here; Elixir, with a virtual machine, and Octave, whose interpreter reads
functions as slowly as R's (33 ms when it was measured), are held to the same."""
MOST_SLOW_MS = 100.0
MOST_QUICK_MS = 20.0
REFILL_SECONDS = {False: 0.5, True: 2.0}
"""After a call, by whether the language is slow: for the next slot to boot, while nobody is measured."""
SPARE_SLOTS = 64
"""Beside one for each version that is called: a slot stays for a minute after its call."""
Say = Callable[[str], None]


def measure_languages(say: Say) -> dict[str, object]:
    """The median of each language in milliseconds, and which languages are not on this machine."""
    environments, missing = find_languages()
    warm = ",".join(f"{found.id}={max(1, found.manifest.warm_slots)}" for found in environments)
    slots = len(environments) * (COLD_VERSIONS + 1) + SPARE_SLOTS
    with running_platform(AGORA_WARM_SLOTS=warm, AGORA_MAX_SLOTS=str(slots)) as platform:
        say(f"Publishing an echo in {len(environments)} languages")
        with ThreadPoolExecutor(max_workers=4) as pool:
            published = list(pool.map(lambda found: _publish(platform, found), environments))
        copies = platform.copy(published, COLD_VERSIONS)
        say("Cold calls in each language")
        times = _take_turns([[first, *others] for first, others in zip(published, copies, strict=True)])
    medians = {name: round(statistics.median(found), 2) for name, found in times.items()}
    return {"cold_by_language": medians, "missing_languages": missing}


def most_cold_ms(language: str) -> float:
    """The limit."""
    return MOST_SLOW_MS if language in SLOW_LANGUAGES else MOST_QUICK_MS


def _publish(platform: PlatformUnderTest, environment: Environment) -> Target:
    with echo_folder(environment) as folder:
        return platform.publish(environment.id, folder)


def _take_turns(languages: list[list[Target]]) -> dict[str, list[float]]:
    """The first version of a language is not measured: its call finds out whether the language works."""
    times: dict[str, list[float]] = {versions[0].name: [] for versions in languages}
    for versions in zip(*languages, strict=True):
        for version in versions:
            with Caller(version) as caller:
                times[version.name] += caller.milliseconds(1)
            time.sleep(REFILL_SECONDS[version.name in SLOW_LANGUAGES])
    return {name: found[1:] for name, found in times.items()}
