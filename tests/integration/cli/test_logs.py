"""agora logs: how calls failed, and what builds logged."""

import time
import uuid
from pathlib import Path
from typing import Any

import pytest
import redis

from marketplace.accounts.models import User
from marketplace.algorithms.models import Algorithm, Build
from marketplace.directory.recent import Failure, push_failure
from tests.factories.catalogue import make_algorithm
from tests.integration.cli.conftest import Run


@pytest.fixture
def algorithm(ann: User) -> Algorithm:
    return make_algorithm("ocr", by=ann)


def fail(algorithm: Algorithm, redis_url: str, error: str) -> str:
    """As the gateway notes it; the call's id."""
    call_id = str(uuid.uuid4())
    failure = Failure(
        at=time.time_ns() // 1_000, call_id=call_id, algorithm="ann/ocr", version="1.0.0", payer_id="",
        input='"a picture"', error=error, error_type="InputError", stacktrace="line 1\nline 2\n",
    )  # fmt: skip
    with redis.Redis.from_url(redis_url) as client, client.pipeline(transaction=True) as pipeline:
        push_failure(pipeline, failure, subjects=(str(algorithm.id),))
        pipeline.execute()
    return call_id


def test_calls_that_failed(run: Run, algorithm: Algorithm, settings: Any) -> None:
    assert "No call has failed in the last days." in run("logs", "ann/ocr")[1]
    first = fail(algorithm, settings.REDIS_URL, "It is too dark.")
    fail(algorithm, settings.REDIS_URL, "It is too bright.")
    code, output = run("logs", "ann/ocr")
    lines = output.splitlines()
    assert (code, len(lines)) == (0, 8)
    assert lines[0].endswith("UTC  1.0.0  InputError: It is too dark.")
    assert lines[1:4] == [f'  call {first}, input "a picture"', "  line 1", "  line 2"]
    assert lines[4].endswith("It is too bright.")


@pytest.mark.usefixtures("worker")
def test_the_log_of_a_build(run: Run) -> None:
    run("init", "greeter")
    run("publish", "greeter")
    Path("greeter/src/greeter.py").write_text("def apply(:\n")
    run("publish", "greeter")
    code, output = run("logs", "ann/greeter", "--build")
    assert code == 1
    assert "Error: The build failed: Syntax error in src/greeter.py" in output
    first = Build.objects.order_by("created_at")[0]
    code, output = run("logs", "ann/greeter", "--build", str(first.id))
    assert (code, "  Unpacking the source" in output) == (0, True)


def test_what_there_is_no_log_of(run: Run, algorithm: Algorithm) -> None:
    assert run("logs", "ann/ocr", "--build")[1].endswith("It has no builds: run `agora publish`, or push a commit.\n")
    assert run("logs", "ann/nothing")[0] == 1
    assert "is not an algorithm: write owner/name" in run("logs", "ann")[1]
