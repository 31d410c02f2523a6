"""`python -m tests.conformance [--table] [LANGUAGE ...]`: all checks on every language whose toolchain is here.

The last line is JSON: `passed`, `failed` and `missing`, each a list of environments. The exit code is 1 when one
failed. `--table` then measures those that passed, and writes docs/reference/languages.md. AGORA_CONFORMANCE_CACHE is a
folder to keep downloads in.
"""

import json
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from execution.environments import Environment, load_environments
from tests.conformance.bench import ALGORITHMS, Bench, make_bench
from tests.conformance.checks import CHECKS
from tests.conformance.measures import Measures, measure
from tests.conformance.table import write_page


def main(arguments: list[str]) -> int:
    """The exit code."""
    names = [name for name in arguments if name != "--table"]
    wanted = [found for found in load_environments() if not names or found.id in names]
    tested = [found for found in wanted if is_testable(found)]
    with tempfile.TemporaryDirectory(prefix="agora-conformance-cache-") as folder:
        cache = Path(os.environ.get("AGORA_CONFORMANCE_CACHE", folder))
        passed = [found for found in tested if passes(found, cache)]
        if "--table" in arguments:
            write_page({found: measure_one(found, cache) for found in passed})
    report = {
        "passed": [found.id for found in passed],
        "failed": [found.id for found in tested if found not in passed],
        "missing": [found.id for found in wanted if found not in tested],
    }
    print(json.dumps(report))
    return 1 if report["failed"] else 0


def is_testable(environment: Environment) -> bool:
    """Whether its toolchain is here, and a test algorithm."""
    return environment.find_toolchain() is not None and (ALGORITHMS / environment.id).is_dir()


def measure_one(environment: Environment, cache: Path) -> Measures:
    """Says what it found, too."""
    with make_bench(environment, cache) as bench:
        measures = measure(bench)
    print(f"measured {environment.id:<12} {measures}", flush=True)
    return measures


def passes(environment: Environment, cache: Path) -> bool:
    """Runs all checks, also after one has failed, unless that was the first: then nothing works."""
    with make_bench(environment, cache) as bench:
        return run_check(CHECKS[0], bench) and all([run_check(check, bench) for check in CHECKS[1:]])  # noqa: C419 - all


def run_check(check: Callable[[Bench], None], bench: Bench) -> bool:
    language, name = bench.environment.id, check.__name__
    bench.log.clear()
    started = time.monotonic()
    try:
        check(bench)
    except Exception as error:  # noqa: BLE001 - whatever it is, the language fails and the others go on
        where = traceback.extract_tb(error.__traceback__)[-1]
        print(
            f"FAILED {language:<12} {name}, {Path(where.filename).name}:{where.lineno}: {type(error).__name__}: {error}"
        )
        print(*bench.log[-25:], sep="\n  ", flush=True)
        return False
    print(f"passed {language:<12} {name:<40} {time.monotonic() - started:6.2f} s", flush=True)
    return True


sys.exit(main(sys.argv[1:]))
