"""Arguments are for every user of a machine to read, and hold 128 KiB: secrets go to programs another way."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from execution.environments import find_environment
from execution.errors import CannotIsolate
from execution.sandbox.checks import check_bubblewrap
from execution.sandbox.watched import descendants
from tests.conformance.bench import Bench, make_bench

SECRET = "a-secret-of-the-account-"
VARIABLES = {"SMALL": SECRET, "LARGE": SECRET * ((200 << 10) // len(SECRET))}
PROGRAM = """#!/usr/bin/python3
import glob, json, sys
variables = json.load(open(sys.argv[1]))["load"]["environment_variables"]
with open(3, "w") as responses:
    print('{"loaded":{"duration_us":0}}', file=responses, flush=True)
    for _ in sys.stdin:
        seen = [open(path).read() for path in glob.glob("/proc/[0-9]*/cmdline")]
        answer = {"result": [seen, [len(value) for value in variables.values()]], "metadata": {"content_type": "json"}}
        print(json.dumps(answer), file=responses, flush=True)
"""


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Of programs of authors' own, which start as those of compiled languages do."""
    try:
        check_bubblewrap()
    except CannotIsolate as error:
        pytest.skip(f"no algorithm can be isolated here: {error}")
    environment = find_environment("binary")
    assert environment is not None
    with make_bench(environment, tmp_path_factory.mktemp("cache")) as bench:
        yield bench


@pytest.fixture(scope="module")
def version(bench: Bench) -> Path:
    return bench.build({"bin/algorithm": PROGRAM.encode()})


def read_arguments(pids: list[int]) -> bytes:
    """As a user of the machine who may do nothing."""
    paths = [f"/proc/{pid}/cmdline" for pid in pids]
    return subprocess.run(["setpriv", "--reuid=65534", "cat", *paths], capture_output=True, check=True).stdout


@pytest.mark.parametrize("name", VARIABLES)
def test_nobody_reads_a_secret_in_arguments(bench: Bench, version: Path, name: str) -> None:
    with bench.boot(version) as slot, bench.boot(version) as other:
        bench.load(slot, variables={name: VARIABLES[name]})
        bench.load(other)
        seen = read_arguments(list(descendants(slot.process.pid)))
        assert b"algorithm" in seen
        assert SECRET.encode() not in seen
        arguments, lengths = slot.call("look")  # type: ignore[misc]
        assert SECRET not in str(arguments)
        assert lengths == [len(VARIABLES[name])]
        assert SECRET not in str(other.call("look"))
