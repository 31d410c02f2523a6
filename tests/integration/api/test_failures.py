"""What failing algorithms said: /errors of algorithms, organizations and people."""

import asyncio
import time
import uuid
from typing import Any

import pytest
import redis

from execution.client import AlgorithmFailure
from marketplace.accounts.models import User
from marketplace.algorithms.models import Version
from marketplace.algorithms.publication import collect_algorithm_entries
from marketplace.directory.recent import MOST_FAILURES
from marketplace.gateway.failures import FailureLog
from marketplace.gateway.mirror import Target, _spec_of
from marketplace.organizations.models import Organization
from tests.factories.catalogue import make_algorithm, make_version
from tests.factories.people import scope_of
from tests.integration.api.conftest import Caller

FAILURE = AlgorithmFailure("It is too dark.", "InputError", "a line\n" * 2_000)


@pytest.fixture
def version(alice: User, settings: Any) -> Version:
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.flushdb()
    return make_version(make_algorithm("ocr", by=alice))


def fail(version: Version, settings: Any, *, payer: Organization | None = None, times: int = 1, **changes: Any) -> None:
    """As the gateway notes it."""
    [algorithm] = [row for row in collect_algorithm_entries() if row.algorithm_id == str(version.algorithm_id)]
    entry = algorithm.versions[-1]
    target = Target(algorithm, entry, _spec_of(algorithm, entry), f"{algorithm.owner}/{algorithm.name}")
    noted = {
        "call_id": str(uuid.uuid4()), "payer_id": str(payer.id if payer else uuid.uuid4()),
        "started_at": time.time_ns() // 1_000, "body": b'"a picture"', **changes,
    }  # fmt: skip

    async def note() -> None:
        log = FailureLog(settings.REDIS_URL)
        await log.start()
        for _ in range(times):
            log.note(target, FAILURE, **noted)
        await log.close()

    asyncio.run(note())


def test_an_author_reads_what_failed(as_alice: Caller, alice: User, version: Version, settings: Any) -> None:
    fail(version, settings, payer=scope_of(alice).organization, call_id="a-call", body="é".encode() * 500)
    fail(version, settings)
    path = f"/v1/algorithms/{version.algorithm_id}/errors"
    rows = as_alice.get(path).json()
    assert [row["billable_to"] for row in rows] == [None, "alice"], "newest first; who else calls is not for the author"
    row = rows[1]
    assert abs(row["created_at"] - time.time() * 1_000) < 60_000
    assert len(row["stack_trace"]) == 6_000
    assert {name: row[name] for name in row if name not in {"created_at", "stack_trace"}} == {
        "request_id": "a-call", "username": "alice", "algoname": "ocr", "algoversion": "0.1.0", "input": "é" * 128,
        "error": "It is too dark.", "error_type": "InputError", "billable_to": "alice",
    }  # fmt: skip
    for other in ("/v1/algorithms/alice/ocr/errors", "/v1/organizations/alice/errors", "/v1/users/alice/errors",
                  f"/v1/users/{alice.pk}/errors"):  # fmt: skip
        assert as_alice.get(other).json() == rows


def test_there_are_the_newest_of_a_week(as_alice: Caller, version: Version, settings: Any) -> None:
    fail(version, settings, times=MOST_FAILURES + 5)
    assert len(as_alice.get("/v1/algorithms/alice/ocr/errors").json()) == MOST_FAILURES
    week_ago = time.time_ns() // 1_000 - 8 * 86_400 * 1_000_000
    fail(version, settings, times=MOST_FAILURES, started_at=week_ago)
    assert as_alice.get("/v1/algorithms/alice/ocr/errors").json() == []


def test_strangers_read_nothing(as_charlie: Caller, version: Version, alice: User, settings: Any) -> None:
    fail(version, settings)
    for path in ("algorithms/alice/ocr", "organizations/alice", "users/alice", f"users/{alice.pk}"):
        assert as_charlie.get(f"/v1/{path}/errors").status_code == 404
    assert as_charlie.get("/v1/users/charlie/errors").json() == []
