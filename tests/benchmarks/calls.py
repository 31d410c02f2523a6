"""How fast calls are, here and with the three best-known model servers, on this machine, in one run.

The contenders take turns, round after round, so that what else happens on the machine hits them alike; those
that do not have their turn are paused. Ours authenticates, isolates, meters and charges; theirs only echo.
"""

import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.benchmarks.burst import measure_bursts
from tests.benchmarks.caller import Caller
from tests.benchmarks.directory import measure_directory
from tests.benchmarks.figures import PLATFORM, Figures, as_line, missed, result_of, table, table_of_languages
from tests.benchmarks.languages import measure_languages
from tests.benchmarks.load import calls_per_second, find_wrk
from tests.benchmarks.peer_servers import BARE_ROUTE, PEERS, PeerServer, running
from tests.benchmarks.platform_under_test import ALGORITHMS, PlatformUnderTest, running_platform
from tests.benchmarks.target import Target

ROUNDS = 5
CALLERS = 32
SECONDS = 3.0
WARM_CALLS = 600
WARM_UP_CALLS = 200
COLD_VERSIONS = 16
REFILL_SECONDS = 0.5
"""Between cold calls, for the agent to boot the next warm slot: calls to versions that have none come one by one."""


def main() -> int:
    """Measures, prints the table and the line of JSON, and answers the exit status."""
    started = time.monotonic()
    find_wrk()
    measured, bursts = measure_contenders()
    result = result_of(measured) | {
        "burst": bursts,
        **measure_languages(say),
        "large_directory": measure_directory(say),
    }
    print(f"\n{table(measured)}\n\n{table_of_languages(result)}\n\nTook {time.monotonic() - started:.0f} s.")
    for sentence in missed(result):
        print(f"Missed: {sentence}")
    print(as_line(result))
    return 1 if missed(result) else 0


def measure_contenders() -> tuple[dict[str, Figures], dict[str, float]]:
    """The platform's figures and those of the peers; then the platform's under bursts."""
    with tempfile.TemporaryDirectory(prefix="agora-peers-") as scratch, ExitStack() as stack:
        say("Starting the platform")
        platform = stack.enter_context(running_platform())
        say("Starting the peers")
        peers = [stack.enter_context(running(peer, Path(scratch), say)) for peer in (*PEERS, BARE_ROUTE)]
        for peer in peers:
            peer.pause()
        return measure(platform, peers), measure_bursts(platform, say)


def measure(platform: PlatformUnderTest, peers: list[PeerServer]) -> dict[str, Figures]:
    say("Publishing the echoes")
    with ThreadPoolExecutor() as pool:
        published = dict(zip(PLATFORM, pool.map(lambda language: publish(platform, language), PLATFORM), strict=True))
    measured = {name: Figures() for name in [*PLATFORM.values(), *(peer.target.name for peer in peers)]}
    for language, (_, versions) in published.items():
        say(f"Cold calls, {language}")
        measured[PLATFORM[language]].cold = [cold_milliseconds(version) for version in versions]
    contenders = [(target, None) for target, _ in published.values()] + [(peer.target, peer) for peer in peers]
    for number in range(ROUNDS + 1):
        say(f"Round {number} of {ROUNDS}" if number else "Warming up")
        for target, peer in contenders:
            with awake(peer):
                take_turn(target, measured[target.name] if number else Figures())
    return measured


def publish(platform: PlatformUnderTest, language: str) -> tuple[Target, list[Target]]:
    """The echo, and versions of it that nobody has called."""
    folder = ALGORITHMS / f"echo_{language}"
    target = platform.publish(PLATFORM[language], folder)
    return target, [platform.publish_changed(PLATFORM[language], folder, mark) for mark in range(COLD_VERSIONS)]


def cold_milliseconds(version: Target) -> float:
    """The first call of a version, over a connection that is there already."""
    time.sleep(REFILL_SECONDS)
    with Caller(version) as caller:
        return caller.milliseconds(1)[0]


def take_turn(target: Target, figures: Figures) -> None:
    with Caller(target) as caller:
        caller.milliseconds(WARM_UP_CALLS)
        figures.warm += caller.milliseconds(WARM_CALLS)
    figures.rates.append(calls_per_second(target, callers=CALLERS, seconds=SECONDS))


@contextmanager
def awake(peer: PeerServer | None) -> Iterator[None]:
    if peer:
        peer.resume()
    yield
    if peer:
        peer.pause()


def say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')}  {text}", flush=True)
