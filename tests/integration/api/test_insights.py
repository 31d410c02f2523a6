"""/v1/insights, and what of them an algorithm's owner reads."""

import time
from typing import Any

import pytest
import redis

from marketplace.accounts.models import User
from marketplace.algorithms.models import Algorithm
from marketplace.directory import recent
from marketplace.directory.tokens import CallToken, sign_token
from marketplace.organizations.services import revoke_api_key
from tests.factories.async_calls import make_async_call
from tests.factories.catalogue import make_algorithm, make_version
from tests.factories.people import make_api_key, scope_of
from tests.integration.api.conftest import Caller, message_of

REPORT = [{"insight_key": "sure", "insight_value": 0.75}, {"insight_key": "label", "insight_value": "a pear"}]
LISTED = "/v1/algorithms/alice/ocr/insights"


@pytest.fixture
def ocr(alice: User, settings: Any) -> Algorithm:
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.flushdb()
    return make_version(make_algorithm("ocr", by=alice)).algorithm


def as_call(
    caller: User, settings: Any, algorithm: str | None = "alice/ocr", *, seconds: int = 60, key_id: str | None = None
) -> Caller:
    """The right that a call of the algorithm has, whoever made it."""
    token = CallToken(
        organization_id=str(scope_of(caller).organization.id), user_id=caller.pk, root_id="a-root", parent_id="a-call",
        algorithm=algorithm, expires=int(time.time()) + seconds, key_id=key_id,
    )  # fmt: skip
    return Caller(sign_token(token, secret=settings.SECRET_KEY))


def test_a_call_reports_and_the_owner_reads(as_alice: Caller, charlie: User, ocr: Algorithm, settings: Any) -> None:
    response = as_call(charlie, settings).post("/v1/insights", REPORT)
    assert (response.status_code, response.json()) == (200, {"response": "2 insights are kept."})
    [row] = as_alice.get(LISTED).json()["results"]
    assert abs(row.pop("time") - time.time() * 1_000) < 60_000
    assert row == {
        "request_id": "a-call", "session_id": "a-root", "insights": {"sure": 0.75, "label": "a pear"},
    }  # fmt: skip


def test_a_call_whose_key_was_revoked_does_nothing_more(charlie: User, ocr: Algorithm, settings: Any) -> None:
    key = make_api_key(by=charlie).row
    call = make_async_call(ocr.versions.get(), scope=scope_of(charlie))
    algorithm = as_call(charlie, settings, key_id=str(key.pk))
    assert algorithm.post("/v1/insights", REPORT).status_code == 200
    revoke_api_key(key=key, by=charlie)
    for response in (algorithm.post("/v1/insights", REPORT), algorithm.get(f"/v1/calls/{call.request_id}")):
        assert (response.status_code, "revoked" in message_of(response)) == (401, True)


def test_an_owner_reports_with_a_key(as_alice: Caller, as_charlie: Caller, ocr: Algorithm) -> None:
    assert as_alice.post("/v1/insights?algorithm=alice/ocr", REPORT).status_code == 200
    assert [row["request_id"] for row in as_alice.get(LISTED).json()["results"]] == [None]
    assert as_alice.post("/v1/insights", REPORT).status_code == 400
    assert as_charlie.post("/v1/insights?algorithm=alice/ocr", REPORT).status_code == 404
    assert as_charlie.get(LISTED).status_code == 404


@pytest.mark.parametrize(
    ("report", "message"),
    [
        ({"sure": 1}, "list"),
        ([{"insight_key": "sure"}], "insight_value"),
        ([{"insight_key": "x" * 101, "insight_value": 1}], "insight_key"),
        ([{"insight_key": f"k{n}", "insight_value": n} for n in range(26)], "25 insights at most"),
        ([{"insight_key": "k", "insight_value": "x" * 26_000}], "25 KiB at most"),
        ([{"insight_key": "request_id", "insight_value": "x"}], "request_id has a meaning of its own"),
        ([{"insight_key": "k", "insight_value": "\ud800"}], "half of a character"),
    ],
)
def test_odd_reports_are_refused(as_alice: Caller, ocr: Algorithm, report: Any, message: str) -> None:
    response = as_alice.post("/v1/insights?algorithm=alice/ocr", report)
    assert response.status_code == 400
    assert message in message_of(response)


def test_rights_that_are_none_report_nothing(as_nobody: Caller, alice: User, ocr: Algorithm, settings: Any) -> None:
    assert as_nobody.post("/v1/insights", REPORT).status_code == 401
    assert as_call(alice, settings, seconds=-1).post("/v1/insights", REPORT).status_code == 401
    assert as_call(alice, settings, None).post("/v1/insights", REPORT).status_code == 400
    assert as_call(alice, settings, "alice/gone").post("/v1/insights", REPORT).status_code == 404


def test_the_newest_are_kept(
    as_alice: Caller, alice: User, ocr: Algorithm, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recent, "MOST_INSIGHTS", 5)
    caller = as_call(alice, settings)
    for number in range(7):
        caller.post("/v1/insights", [{"insight_key": "number", "insight_value": number}])
    first = as_alice.get(LISTED, limit=3).json()
    second = as_alice.get(LISTED, limit=3, marker=first["marker"]).json()
    assert [row["insights"]["number"] for row in first["results"] + second["results"]] == [6, 5, 4, 3, 2]
    assert second["marker"] is None
