"""Mixed load over fifty versions in up to ten languages, while algorithms crash and slots and the agent are killed.

SOAK_SECONDS shortens it. The last line of output is one line of JSON; the exit code is 1 when anything is left over,
memory grew, or the books are not in order.
"""

import asyncio
import json
import os
import random
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

import django
import httpx
import psutil

from tests.benchmarks.platform_under_test import PlatformUnderTest, running_platform
from tests.benchmarks.target import Target
from tests.crash.load import Load
from tests.soak.algorithms import choose_languages, publish_versions, write_requests
from tests.soak.crashes import Crashes
from tests.soak.holdings import Holdings, MemoryLog, count_holdings

if TYPE_CHECKING:
    from tests.crash.books import Audit

SECONDS = float(os.environ.get("SOAK_SECONDS", "900"))
SEED = int(os.environ.get("SOAK_SEED", str(random.randrange(10_000))))
CALLERS = 12
PAYERS = 4
PAUSE_SECONDS = 0.02
"""Between two calls of a caller: the machine shall not be at its limit, where nothing comes to rest."""
WARM_EACH = 1
"""Slots of each language, always: by demand, the warm pool would be larger for ten minutes after the load."""
SAMPLES = 200
"""Of memory."""
WAKE_SECONDS = 30.0
KEPT_SECONDS = 75.0
"""So long, at most, a slot of a version that loads at once is kept without a call."""
REST_SECONDS = 180.0
"""How long it may take until unused slots are given back and the warm pool is full."""
REST_LOOK_SECONDS = 5.0
MOST_GROWTH = (1.1, 8.0)
"""Memory may grow by this factor and by so many mebibytes from the second to the last fifth."""


def main() -> int:
    """The exit code."""
    print(f"Seed {SEED} (SOAK_SEED repeats it), {SECONDS:.0f} s, {CALLERS} callers", flush=True)
    languages = choose_languages()
    warm = ",".join(f"{found.id}={WARM_EACH}" for found in languages)
    with running_platform(AGORA_WARM_SLOTS=warm) as platform:
        os.environ.update(platform.environ)
        django.setup()
        versions = publish_versions(platform, languages)
        print(f"Published {len(versions)} versions in {', '.join(found.id for found in languages)}", flush=True)
        _wake(versions[0])
        memory, crashes = MemoryLog(platform), Crashes(platform, SECONDS, SEED)
        before = _rest(platform)
        load = _make_load(platform.address, versions)
        asyncio.run(_load(load, memory, crashes))
        from tests.crash import books  # its models need the set-up above

        books.wait_until_drained()
        after = _rest(platform, before)
        print(f"Held at the first rest: {before}\nHeld at the last rest:  {after}")
        return _report(load, crashes, memory, before.differences(after), books.audit(load.received))


def _wake(version: Target) -> None:
    """A call with a result and one that fails: what is opened for the first of each is open at the first rest."""
    headers = {"Authorization": version.authorization or "", "Content-Type": "application/json"}
    for body in (version.body, b'{"do": "raise"}'):
        httpx.post(version.url, content=body, headers=headers, timeout=WAKE_SECONDS).raise_for_status()
    time.sleep(KEPT_SECONDS)


def _make_load(address: str, versions: list[Target]) -> Load:
    from tests.crash import books

    keys = [payer.key for payer in books.make_payers(PAYERS)]
    callers = [write_requests(versions, keys[number % PAYERS], SEED + number) for number in range(CALLERS)]
    return Load(address, callers, pause=PAUSE_SECONDS)


async def _load(load: Load, memory: MemoryLog, crashes: Crashes) -> None:
    calling, crashing = asyncio.create_task(load.run()), asyncio.create_task(crashes.run())
    for number in range(SAMPLES):
        await asyncio.sleep(SECONDS / SAMPLES)
        memory.sample()
        if (number + 1) % (SAMPLES // 10) == 0:
            received = load.received
            print(
                f"{(number + 1) / SAMPLES:4.0%}  {len(received.results)} results, {len(received.failures)} failures, "
                f"{received.refusals} refusals, {received.broken} broken connections; {memory.latest()}",
                flush=True,
            )
    crashing.cancel()
    load.stop()
    await calling


def _rest(platform: PlatformUnderTest, before: Holdings | None = None) -> Holdings:
    """What is held when nothing changes any more and, if `before` is given, no more is held than then."""
    deadline = time.monotonic() + REST_SECONDS
    last = None
    while True:
        time.sleep(REST_LOOK_SECONDS)
        with suppress(psutil.Error):
            now = count_holdings(platform)
            at_rest = now == last and not (before and before.differences(now))
            if at_rest or time.monotonic() > deadline:
                return now
            last = now


def _growth(memory: MemoryLog) -> Iterator[str]:
    factor, more = MOST_GROWTH
    for name, (second, last) in memory.fifths().items():
        if last > second * factor + more:
            yield f"memory of {name}: {second} MiB in the second fifth, {last} MiB in the last"


def _report(load: Load, crashes: Crashes, memory: MemoryLog, left_over: list[str], audit: "Audit") -> int:
    """Prints what was found; the exit code."""
    results = len(load.received.results)
    faults = [*left_over, *_growth(memory), *audit.faults]
    if not results == audit.recorded == audit.posted or audit.duplicates or not results:
        faults.append("not every call that was answered with a result is recorded and posted once")
    for fault in faults[:20]:
        print(f"FAULT {fault}")
    report = {
        "seconds": SECONDS,
        "results": results,
        "failures": len(load.received.failures),
        "refusals": load.received.refusals,
        "slot_kills": crashes.slots,
        "agent_kills": crashes.agents,
        "recorded": audit.recorded,
        "posted": audit.posted,
        "duplicates": audit.duplicates,
        "left_over": left_over,
        "memory_mebibytes": memory.fifths(),
        "faults": len(faults),
    }
    print(json.dumps(report), flush=True)
    return 1 if faults else 0


sys.exit(main())
