"""Kills web, agent, Celery worker, drain and Redis in turn, at random moments under load, and then checks the books.

The last line of output is one line of JSON. Of the calls that were answered with a result, each must be recorded once
and posted once; the exit code is 1 when that is not so.
"""

import asyncio
import json
import os
import random
import shutil
import signal
import sys
import time
from itertools import repeat
from pathlib import Path

import django

from tests.crash.load import Load, write_call
from tests.platform import UpProcess, free_port, make_home

KILLS = int(os.environ.get("CRASH_KILLS", "20"))
SEED = int(os.environ.get("CRASH_SEED", str(random.randrange(10_000))))
TARGETS = ("web", "agent", "worker", "drain", "redis")
PAYERS = 4
CONNECTIONS = 16
ALGORITHM = "agora/text_statistics"
BODY = json.dumps("The quick brown fox jumps over the lazy dog. " * 4).encode()
RECOVERY_SECONDS = 60.0


def main() -> None:
    """Runs it all, and stops the platform whatever happens."""
    print(f"Seed {SEED} (CRASH_SEED repeats it), {KILLS} kills, {PAYERS} payers, {CONNECTIONS} connections", flush=True)
    home = make_home()
    up = UpProcess(home, free_port(), AGORA_EXAMPLES="text_statistics")
    try:
        platform = up.wait_until_ready()
        os.environ.update(platform.environ)
        django.setup()
        sys.exit(_run(home, platform.address))
    finally:
        up.stop()
        shutil.rmtree(home)


def _run(home: Path, address: str) -> int:
    from tests.crash import books  # its models need the set-up above

    requests = [write_call(f"/v1/algo/{ALGORITHM}", BODY, key) for key in books.make_payers(PAYERS)]
    load = Load(address, [repeat(requests[number % PAYERS]) for number in range(CONNECTIONS)])
    asyncio.run(_load_and_kill(load, home))
    books.wait_until_drained()
    received, audit = load.received, books.audit(load.received)
    print(
        f"{len(received.failures)} calls failed and cost nothing, {received.refusals} were refused, {received.broken} "
        f"connections broke, {received.unreachable} were not to be had; {audit.recorded_unanswered} calls were metered "
        "and their answer lost in a kill"
    )
    for fault in audit.faults[:20]:
        print(f"FAULT {fault}")
    answered = len(received.results)
    counts = {"recorded": audit.recorded, "posted": audit.posted, "duplicates": audit.duplicates}
    print(json.dumps({"kills": KILLS, "answered": answered, **counts}), flush=True)
    right = answered > 0 and audit.recorded == audit.posted == answered and not audit.duplicates and not audit.faults
    return 0 if right else 1


async def _load_and_kill(load: Load, home: Path) -> None:
    chance = random.Random(SEED)
    running = asyncio.create_task(load.run())
    await _until_answered(load, 0)
    for number in range(KILLS):
        await asyncio.sleep(chance.uniform(0.3, 1.5))
        name = TARGETS[number % len(TARGETS)]
        answered, started = len(load.received.results), time.monotonic()
        await _kill(home / "run" / f"{name}.pid")
        await _until_answered(load, len(load.received.results))
        seconds = time.monotonic() - started
        print(
            f"kill {number + 1:2} {name:6} after {answered:6} results; answering again after {seconds:.2f} s",
            flush=True,
        )
    load.stop()
    await running


async def _kill(pid_file: Path) -> None:
    """Kills the process and returns when another runs."""
    killed = _read_pid(pid_file)
    os.kill(killed, signal.SIGKILL)
    async with asyncio.timeout(RECOVERY_SECONDS):
        while _read_pid(pid_file) in {killed, 0}:  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.02)


def _read_pid(pid_file: Path) -> int:
    """0 while the file is being written."""
    return int(pid_file.read_text() or 0)


async def _until_answered(load: Load, count: int) -> None:
    """Returns when more than `count` results have come."""
    async with asyncio.timeout(RECOVERY_SECONDS):
        while len(load.received.results) <= count:  # noqa: ASYNC110 - the callers count
            await asyncio.sleep(0.02)


main()
