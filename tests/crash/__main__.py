"""Kills every process of a platform, its databases too, at random moments under load, and then checks the books.

Several payers call, each with its own key: single calls, trees of calls, and calls for later. The last line of output
is one line of JSON. Of the calls that were answered with a result, each must be recorded once and posted once, and what
each payer was told that its calls cost must be what left its balance, to the micro-credit: in the ledger, and in the
hot balance. The exit code is 1 when that is not so. CRASH_KILLS and CRASH_SEED say how many, and which.
"""

import asyncio
import json
import operator
import os
import random
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING

import django
from django.db import connection

from marketplace.cli.credentials import Credentials
from marketplace.cli.manifest import read_manifest
from marketplace.cli.platform_client import Platform
from marketplace.cli.publish import publish_folder
from tests.crash.kills import RECOVERY_SECONDS, Kills
from tests.crash.later import Later
from tests.crash.load import Load, Received, write_call
from tests.platform import RunningPlatform, UpProcess, free_port, make_home

if TYPE_CHECKING:
    from tests.crash.books import Payer

KILLS = int(os.environ.get("CRASH_KILLS", "200"))
SEED = int(os.environ.get("CRASH_SEED", str(random.randrange(10_000))))
PAYERS = 4
CONNECTIONS = 4
"""Of each payer: the last one is for trees."""
ALGORITHM = "/v1/algo/agora/text_statistics"
TREE = Path(__file__).resolve().parents[1] / "algorithms" / "tree_python"
TEXT = "The quick brown fox jumps over the lazy dog. " * 4
LEAST_PAUSE, LONGEST_PAUSE = 0.3, 1.5
"""Seconds between a recovery and the next kill."""


@dataclass(frozen=True)
class Client:
    """A payer and what it does."""

    payer: "Payer"
    load: Load
    later: Later


def main() -> int:
    """Runs it all, and stops the platform whatever happens; the exit code."""
    print(f"CRASH_SEED={SEED} repeats it; {KILLS} kills, {PAYERS} payers, {CONNECTIONS} connections each", flush=True)
    home = make_home()
    up = UpProcess(home, free_port(), AGORA_EXAMPLES="text_statistics")
    try:
        platform = up.wait_until_ready()
        os.environ.update(platform.environ)
        django.setup()
        return _run(platform)
    finally:
        up.stop()
        shutil.rmtree(home)


def _run(platform: RunningPlatform) -> int:
    from tests.crash import books  # its models need the set-up above

    tree = _publish_tree(platform)
    clients = [_make_client(platform.address, tree, payer) for payer in books.make_payers(PAYERS)]
    seconds = asyncio.run(_load_and_kill(clients, Kills(platform.home / "run", random.Random(SEED))))
    books.wait_until_drained()
    connection.close()  # whose server was killed
    return _report(clients, seconds)


def _publish_tree(platform: RunningPlatform) -> str:
    """The path of the algorithm whose calls are trees."""
    with Platform(Credentials(address=platform.address, key=platform.demo_key)) as client:
        return f"/v1/algo/{publish_folder(client, TREE, read_manifest(TREE), echo=lambda _: None).reference}"


def _make_client(address: str, tree: str, payer: "Payer") -> Client:
    body = json.dumps(TEXT).encode()
    single, whole = repeat(write_call(ALGORITHM, body, payer.key)), repeat(write_call(tree, body, payer.key))
    callers: list[Iterator[bytes]] = [*[single] * (CONNECTIONS - 1), whole]
    return Client(payer, Load(address, callers), Later(address, ALGORITHM, TEXT.encode(), payer.key))


async def _load_and_kill(clients: list[Client], kills: Kills) -> float:
    """Answers how many seconds it took from the first kill to the last recovery."""
    chance = random.Random(SEED)
    running = [asyncio.create_task(each.run()) for client in clients for each in (client.load, client.later)]
    await _until(lambda: all(client.load.received.results and client.later.accepted for client in clients), running)
    began, killed, choices = time.monotonic(), 0, kills.choose()
    while killed < KILLS:
        await asyncio.sleep(chance.uniform(LEAST_PAUSE, LONGEST_PAUSE))
        names, started = next(choices), time.monotonic()
        await kills.kill(names)
        before = _count(clients)
        await _until(lambda before=before: all(map(operator.gt, _count(clients), before)), running)
        killed += len(names)
        took = time.monotonic() - started
        print(f"kill {killed:3} {' and '.join(names):20} all answered again after {took:5.2f} s", flush=True)
    seconds = time.monotonic() - began
    for client in clients:
        client.load.stop()
        client.later.stop()
    await asyncio.gather(*running)
    return seconds


def _count(clients: list[Client]) -> tuple[int, ...]:
    """What each payer has received by now: results of calls, and promises of calls for later."""
    return tuple(count for each in clients for count in (len(each.load.received.results), len(each.later.accepted)))


async def _until(condition: Callable[[], bool], running: list[asyncio.Task[None]]) -> None:
    """Returns when it is so. Raises TimeoutError, and what a client raised."""
    async with asyncio.timeout(RECOVERY_SECONDS):
        while not condition():
            for task in running:
                if task.done():
                    task.result()
            await asyncio.sleep(0.02)


def _report(clients: list[Client], seconds: float) -> int:
    """Prints what was found; the exit code."""
    from tests.crash import books

    received, later = _join(clients), [client.later for client in clients]
    audit = books.audit(received)
    faults = [f"{name} is still {state}" for each in later for name, state in each.lost.items()]
    accounts = []
    for client in clients:
        account, wrong = books.audit_payer(client.payer, client.load.received.prices)
        accounts.append(account)
        faults += wrong if account.agrees else [*wrong, f"the balance of a payer: {account}"]
    faults += audit.faults
    print(
        f"{len(received.failures)} calls failed, {received.refusals} were refused, {received.broken} connections broke "
        f"and {received.unreachable} were not to be had; {sum(each.given_up for each in later)} calls for later were "
        f"given up; {audit.recorded_unanswered} calls were metered and their answer lost in a kill"
    )
    for fault in faults[:20]:
        print(f"FAULT {fault}")
    report = {
        "kills": KILLS,
        "seconds": round(seconds),
        "answered": len(received.results),
        "recorded": audit.recorded,
        "posted": audit.posted,
        "duplicates": audit.duplicates,
        "for_later": sum(len(each.accepted) for each in later),
        "received_microcredits": sum(account.received for account in accounts),
        "lost_microcredits": sum(account.lost for account in accounts),
        "ledger_microcredits": sum(account.ledger for account in accounts),
        "hot_microcredits": sum(account.hot for account in accounts),
        "faults": len(faults),
    }
    print(json.dumps(report), flush=True)
    right = received.results and audit.recorded == audit.posted == len(received.results)
    return 0 if right and not audit.duplicates and not faults else 1


def _join(clients: list[Client]) -> Received:
    """What all of them received, calls for later among it."""
    joined = Received()
    for client in clients:
        received, later = client.load.received, client.later
        joined.results += received.results + later.results
        joined.failures += received.failures + later.failures
        joined.refusals += received.refusals
        joined.broken += received.broken
        joined.unreachable += received.unreachable
    return joined


sys.exit(main())
