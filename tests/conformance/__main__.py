"""`python -m tests.conformance [LANGUAGE ...]`: runs every check on every language whose toolchain is here.

The last line is JSON: `passed`, `failed` and `missing`, each a list of environments. The exit code is 1 when one
failed. AGORA_CONFORMANCE_CACHE is a folder to keep downloads in.
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


def main(names: list[str]) -> int:
    """The exit code."""
    wanted = [found for found in load_environments() if not names or found.id in names]
    missing = [found.id for found in wanted if not is_testable(found)]
    passed, failed = [], []
    with tempfile.TemporaryDirectory(prefix="agora-conformance-cache-") as folder:
        cache = Path(os.environ.get("AGORA_CONFORMANCE_CACHE", folder))
        for environment in wanted:
            if environment.id not in missing:
                (passed if passes(environment, cache) else failed).append(environment.id)
    print(json.dumps({"passed": passed, "failed": failed, "missing": missing}))
    return 1 if failed else 0


def is_testable(environment: Environment) -> bool:
    """Whether its toolchain is here; for an algorithm of ours there must be a test algorithm, or it is not tested."""
    return environment.find_toolchain() is not None and (ALGORITHMS / environment.id).is_dir()


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
