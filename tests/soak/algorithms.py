"""Fifty versions in ten languages, and what their callers ask of them: mostly an echo, now and then a crash."""

import json
import random
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from execution.environments import Environment
from tests.benchmarks.echoes import echo_folder, find_languages
from tests.benchmarks.platform_under_test import PlatformUnderTest
from tests.benchmarks.target import VALUE, Target
from tests.crash.load import write_call

LANGUAGES = 10
VERSIONS_EACH = 5
PREFERRED = ("python3", "javascript", "ruby", "java", "c", "php", "perl", "lua", "r", "go", "rust", "csharp", "ocaml")
"""The first that are here: some that are interpreted, some that are compiled, some with a virtual machine."""
TIMEOUT_SECONDS = 5
MEMORY_MEBIBYTES = 384
WISHES: dict[str, float] = {
    json.dumps(VALUE): 0.96,
    '{"do": "count"}': 0.01,
    '{"do": "raise"}': 0.01,
    '{"do": "print", "mebibytes": 1}': 0.005,
    '{"do": "exit"}': 0.006,
    '{"do": "hog"}': 0.002,
    '{"do": "loop"}': 0.001,
}
"""What the conformance suite's algorithms do when they are asked, and how often that is."""


def choose_languages() -> list[Environment]:
    """Ten of those that this machine has, or fewer."""
    here = {found.id: found for found in find_languages()[0]}
    return [here[name] for name in PREFERRED if name in here][:LANGUAGES]


def publish_versions(platform: PlatformUnderTest, chosen: Sequence[Environment]) -> list[Target]:
    """All versions, the popular ones first: languages take turns."""
    with ThreadPoolExecutor(max_workers=4) as pool:
        first = list(pool.map(lambda found: _publish(platform, found), chosen))
    copies = platform.copy(first, VERSIONS_EACH - 1)
    rows = zip(*([target, *others] for target, others in zip(first, copies, strict=True)), strict=True)
    return [target for row in rows for target in row]


def _publish(platform: PlatformUnderTest, environment: Environment) -> Target:
    with echo_folder(environment, timeout_seconds=TIMEOUT_SECONDS, memory_mebibytes=MEMORY_MEBIBYTES) as folder:
        return platform.publish(environment.id, folder)


def write_requests(versions: Sequence[Target], key: str, seed: int) -> Iterator[bytes]:
    """One caller's requests without end: the first version is called most, the last one seldom."""
    chance = random.Random(seed)
    weights = [1 / (place + 1) for place in range(len(versions))]
    while True:
        version = chance.choices(versions, weights)[0]
        wish = chance.choices(list(WISHES), list(WISHES.values()))[0]
        yield write_call(version.path, wish.encode(), key)
