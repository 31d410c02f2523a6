"""Idempotency keys on a running platform: made once, answered twice."""

import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.integration.gateway.conftest import Probe
from tests.integration.gateway.test_calls import eventually


def send(probe: Probe, key: str, do: str, value: object = None, **query: object) -> httpx.Response:
    body = {"do": do, "with": value}
    return probe.client.post(probe.path, json=body, params=query, headers={"Idempotency-Key": key})


def new_key() -> str:
    return str(uuid.uuid4())


def test_a_repeated_call_is_made_once(probe: Probe) -> None:
    key = new_key()
    first, again = send(probe, key, "now"), send(probe, key, "now")
    assert first.status_code == 200, first.text
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert again.content == first.content, "of a clock that does not stand still"
    assert again.headers["x-agora-call-id"] == first.headers["x-agora-call-id"]
    assert send(probe, new_key(), "now").content != first.content
    eventually(lambda: probe.record_of(first))
    calls = probe.client.get("/v1/organizations/demo/calls").json()["results"]
    assert sum(call["call_id"] == first.headers["x-agora-call-id"] for call in calls) == 1


def test_calls_at_the_same_time_are_one(probe: Probe) -> None:
    key = new_key()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: send(probe, key, "sleep", 1), range(8)))
    made = [answer for answer in answers if answer.status_code == 200]
    refused = [answer for answer in answers if answer.status_code == 409]
    assert len(made) + len(refused) == 8
    assert len({answer.headers["x-agora-call-id"] for answer in made}) == 1
    assert refused
    for answer in refused:
        assert answer.headers["retry-after"] == "1"
        assert answer.json()["error"]["error_type"] == "IdempotencyError"
    assert send(probe, key, "sleep", 1).headers["idempotency-replayed"] == "true"


def test_a_failure_is_answered_again_too(probe: Probe) -> None:
    key = new_key()
    assert send(probe, key, "fail", "no").json()["error"]["message"] == "no"
    assert send(probe, key, "fail", "no").headers["idempotency-replayed"] == "true"


def test_a_key_is_for_one_request(probe: Probe) -> None:
    key = new_key()
    send(probe, key, "echo", 1)
    other = send(probe, key, "echo", 2)
    assert other.status_code == 422
    assert "another request" in other.json()["error"]["message"]
    assert send(probe, key, "echo", 1, output="raw").status_code == 422
    elsewhere = probe.client.post("/v1/algo/agora/hello", json="a", headers={"Idempotency-Key": key})
    assert elsewhere.status_code == 200, "it is the algorithm's"


def test_a_bare_answer_is_told_again_as_it_was(probe: Probe) -> None:
    key = new_key()
    first, again = (send(probe, key, "bytes", [0, 255], output="raw") for _ in range(2))
    assert first.content == again.content == b"\0\xff"
    assert again.headers["content-type"] == "application/octet-stream"


def test_an_answer_that_is_too_large_to_keep_is_not_made_again(probe: Probe) -> None:
    key = new_key()
    first = send(probe, key, "huge", 2)
    assert first.status_code == 200
    again = send(probe, key, "huge", 2)
    assert (again.status_code, first.headers["x-agora-call-id"] in again.text) == (409, True)


def test_a_call_whose_caller_went_away_may_be_made_again(probe: Probe) -> None:
    key = new_key()
    with pytest.raises(httpx.ReadTimeout):
        probe.client.post(probe.path, json={"do": "sleep", "with": 2}, headers={"Idempotency-Key": key}, timeout=0.5)
    deadline = time.monotonic() + 20
    while (answer := send(probe, key, "sleep", 2)).status_code == 409:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert answer.json()["result"] == 2


@pytest.mark.parametrize("key", ["x" * 256, "\x01"])
def test_a_wrong_key(probe: Probe, key: str) -> None:
    answer = probe.client.post(probe.path, json=1, headers={"Idempotency-Key": key.encode()})
    assert answer.status_code == 400


def test_a_result_that_streams_has_no_key(probe: Probe) -> None:
    headers = {"Idempotency-Key": new_key(), "Accept": "text/event-stream"}
    answer = probe.client.post(probe.path, json={"do": "echo"}, headers=headers)
    assert (answer.status_code, "streams" in answer.text) == (400, True)
