"""How the store stands 200 requests of visitors a second over 8,000 algorithms, for ten times the life of a kept page.

The web server as in production, asked by wrk: first page, searches, algorithms and owners, the popular ones more
often, as Zipf has it. Prints one line of JSON; fails when 95 of 100 answers take 100 ms or longer, one fails, or fewer
come in a second. `cpu_ms` is what one answer takes of the server's processes, which other work on the machine does not
change.

    python -m tests.benchmarks.store [seconds] [requests per second]
"""

import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from itertools import accumulate
from pathlib import Path
from typing import Any

import httpx
import psutil

from tests.benchmarks.catalogue import databases
from tests.benchmarks.load import find_wrk
from tests.benchmarks.target import free_port

ALGORITHMS = 8_000
SECONDS = 100
RATE = 200
CONNECTIONS = 640
"""So many that slow answers hardly lower the rate: each pauses for seconds between two requests."""
LIMIT_MS = 100
LEAST_SHARE = 0.97
"""Of the rate asked for, that must be reached."""
PATHS = 20_000
SCRIPT = Path(__file__).with_name("store.lua")
SHARES = {"home": 30, "search": 20, "algorithm": 40, "owner": 10}
"""Of a hundred requests."""
START_SECONDS = 60


def main() -> int:
    """Fills, serves, loads."""
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    rate = int(sys.argv[2]) if len(sys.argv) > 2 else RATE
    with databases():
        import django

        django.setup()
        names = _fill()
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
            file.write("\n".join(_draw_paths(names)))
            file.flush()
            figures = _serve(file.name, seconds, rate)
    print(json.dumps(figures))
    return int(figures["p95_ms"] >= LIMIT_MS or figures["failed"] > 0 or figures["rate"] < rate * LEAST_SHARE)


def _fill() -> list[str]:
    from django.core.management import call_command
    from django.db import connection
    from django.utils import timezone

    from marketplace.invocations.standings import refresh_standings
    from tests.search.catalogue import insert_realistic_catalogue

    call_command("migrate", verbosity=0, skip_checks=True)
    names = list(insert_realistic_catalogue(ALGORITHMS))
    refresh_standings(now=timezone.now())
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    connection.close()
    return names


def _draw_paths(names: list[str]) -> list[str]:
    from urllib.parse import quote_plus

    from tests.search.queries import QUERIES

    chance = random.Random(2)
    owners = sorted({name.partition("/")[0] for name in names})
    pools = {
        "home": ["/"],
        "search": [f"/?q={quote_plus(query.words)}" for query in QUERIES],
        "algorithm": [f"/algorithms/{name}" for name in names],
        "owner": [f"/owners/{owner}" for owner in owners],
    }
    weights = {kind: list(accumulate(1 / (place + 1) for place in range(len(pool)))) for kind, pool in pools.items()}
    kinds = chance.choices(list(SHARES), list(SHARES.values()), k=PATHS)
    return [chance.choices(pools[kind], cum_weights=weights[kind])[0] for kind in kinds]


def _serve(paths: str, seconds: int, rate: int) -> dict[str, Any]:
    port = free_port()
    environ = os.environ | {"AGORA_PORT": str(port), "AGORA_ADDRESS": f"http://127.0.0.1:{port}"}
    web = subprocess.Popen([sys.executable, "-m", "marketplace.cli", "web"], env=environ, stdout=subprocess.DEVNULL)
    try:
        _wait(f"http://127.0.0.1:{port}/")
        process = psutil.Process(web.pid)
        before = _cpu_seconds(process)
        figures = _load(f"http://127.0.0.1:{port}", paths, seconds, rate)
        spent = _cpu_seconds(process) - before
    finally:
        web.terminate()
        web.wait()
    reached = round(figures["requests"] / figures["seconds"])
    return (
        {"algorithms": ALGORITHMS, "rate": reached} | figures | {"cpu_ms": round(spent * 1e3 / figures["requests"], 2)}
    )


def _cpu_seconds(process: psutil.Process) -> float:
    """Of a process and its children."""
    return sum(sum(each.cpu_times()[:2]) for each in [process, *process.children(recursive=True)])


def _wait(address: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            httpx.get(address, timeout=10).raise_for_status()
        except httpx.HTTPError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return


def _load(address: str, paths: str, seconds: int, rate: int) -> dict[str, Any]:
    command = [find_wrk(), "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(SCRIPT), address]
    environ = os.environ | {"PATHS": paths, "RATE": str(rate), "CONNECTIONS": str(CONNECTIONS)}
    ran = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=seconds + 60, check=True)
    found = re.search("^JSON (.*)$", ran.stdout, re.MULTILINE)
    if found is None:
        raise ValueError(ran.stdout + ran.stderr)
    figures: dict[str, Any] = json.loads(found[1])
    return figures


if __name__ == "__main__":
    sys.exit(main())
