"""Calls that may wait, on a running platform: asked for, looked at, waited for, cancelled, and survived."""

import json
import os
import signal
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import httpx
import psycopg
import pytest

from tests.integration.gateway.conftest import Probe, probe, probe_reference
from tests.integration.gateway.test_calls import eventually
from tests.integration.invocations.platform_calls import ask, client_of_a_stranger, look, wait_for
from tests.platform import RunningPlatform

__all__ = ["probe", "probe_reference"]
VOID = {"output": "void"}


def test_it_is_answered_at_once_as_published_clients_expect(probe: Probe) -> None:
    answer = probe.client.post(probe.path, json={"do": "sleep", "with": 3}, params={"output": "VOID"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert list(answer.json()) == ["async", "request_id"], "they compare the names in order"
    assert answer.json()["async"] == "void"
    request_id = answer.json()["request_id"]
    assert uuid.UUID(request_id.removeprefix("req-"))
    assert answer.elapsed.total_seconds() < 2.5
    probe.client.delete(f"/v1/calls/{request_id}")


def test_its_answer_is_that_of_a_call_that_waits(probe: Probe) -> None:
    request_id = ask(probe, "echo", {"a": [1, "é"]})
    call = look(probe, request_id, wait=40)
    assert (call["state"], call["status"]) == ("succeeded", 200)
    assert call["answer"]["result"] == {"a": [1, "é"]}
    assert list(call["answer"]["metadata"]) == ["content_type", "duration"]
    assert (call["algorithm"], call["version"], call["attempts"]) == ("demo/probe", "0.1.0", 1)
    record = eventually(lambda: probe.find_record(call_id=call["call_id"]))
    assert record["royalty_microcredits"] == 2_000_000, "metered and charged as any call"
    assert request_id in [line["request_id"] for line in probe.client.get("/v1/calls").json()["results"]]


def test_the_failure_of_an_algorithm_is_an_answer(probe: Probe) -> None:
    call = look(probe, ask(probe, "fail", "The picture is empty."), wait=40)
    assert (call["state"], call["status"]) == ("failed", 200)
    assert call["answer"]["error"]["error_type"] == "InputError"


def test_a_great_input_and_a_great_answer(probe: Probe) -> None:
    text = "x" * (1 << 20)
    call = look(probe, ask(probe, "echo", text), wait=40)
    assert call["answer"]["result"] == text


@pytest.mark.parametrize(("kind", "body"), [("text/plain", "é".encode()), ("application/octet-stream", b"\0\xff")])
def test_each_content_type(probe: Probe, kind: str, body: bytes) -> None:
    answer = probe.client.post(probe.path, content=body, headers={"Content-Type": kind}, params=VOID)
    call = look(probe, answer.json()["request_id"], wait=40)
    assert call["answer"]["result"]["length"] == len(body.decode() if kind == "text/plain" else body)


@pytest.mark.parametrize(
    "form", ["/v1/algo/{id}", "/v1/algo/{id}/0.1", "/v1/algo/DEMO%2FProbe/latestPrivate/", "/v1/web/algo/demo/probe"]
)
def test_each_way_to_name_it(probe: Probe, form: str) -> None:
    algorithm_id = probe.client.get("/v1/algorithms/demo/probe").json()["id"]
    answer = probe.client.post(form.format(id=algorithm_id), json={"do": "echo"}, params=VOID)
    assert answer.status_code == 200, answer.text
    assert look(probe, answer.json()["request_id"])["version"] == "0.1.0"


@pytest.mark.parametrize(
    ("path", "query", "body", "kind", "status", "message"),
    [
        ("/v1/algo/demo/nothing", {}, b"1", "application/json", 404, "algorithm algo://demo/nothing not found"),
        ("/v1/algo/demo/probe/9.9", {}, b"1", "application/json", 404, "algorithm algo://demo/probe/9.9 not found"),
        ("/v1/algo/demo/probe", {"timeout": "0"}, b"1", "application/json", 400, "timeout"),
        ("/v1/algo/demo/probe", {}, b"{", "application/json", 400, "not JSON"),
        ("/v1/algo/demo/probe", {}, b"\xff", "text/plain", 400, "not UTF-8"),
        ("/v1/algo/demo/probe", {}, b"1", "image/png", 415, "content type"),
        ("/v1/algo/demo/probe", {}, b'"' + b"x" * (10 << 20) + b'"', "application/json", 413, "10 MiB"),
    ],
)
def test_a_wrong_request(
    probe: Probe, path: str, query: dict[str, str], body: bytes, kind: str, status: int, message: str
) -> None:
    answer = probe.client.post(path, content=body, headers={"Content-Type": kind}, params={**VOID, **query})
    assert answer.status_code == status
    assert message in answer.json()["error"]["message"]


def test_without_a_key(probe: Probe) -> None:
    answer = httpx.post(f"{probe.client.base_url}{probe.path}", json=1, params=VOID)
    assert (answer.status_code, answer.json()["error"]["message"]) == (401, "authorization required")


def test_browsers_may_ask_before_they_call(probe: Probe) -> None:
    answer = httpx.options(f"{probe.client.base_url}/v1/web/algo/agora/hello")
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "Authorization" in answer.headers["access-control-allow-headers"]
    assert "POST" in answer.headers["access-control-allow-methods"]


def test_a_stranger_finds_nothing(platform: RunningPlatform, probe: Probe) -> None:
    request_id = ask(probe, "echo", 1)
    with client_of_a_stranger(platform) as stranger:
        for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/cancel")):
            answer = stranger.request(method, f"/v1/calls/{request_id}{path}")
            assert (answer.status_code, "There is no call" in answer.text) == (404, True)
        assert stranger.get("/v1/calls").json()["results"] == []
        assert stranger.post(probe.path, json=1, params=VOID).status_code == 404


@pytest.mark.parametrize("request_id", [f"req-{uuid.UUID(int=7)}", "req-7", str(uuid.UUID(int=7))])
def test_an_unknown_request_id(probe: Probe, request_id: str) -> None:
    assert probe.client.get(f"/v1/calls/{request_id}").status_code == 404


@pytest.mark.parametrize("wait", ["61", "-1", "x", "1.5", "0000000009999"])
def test_a_wrong_wait(probe: Probe, wait: str) -> None:
    answer = probe.client.get(f"/v1/calls/{ask(probe, 'echo')}", params={"wait": wait})
    assert answer.status_code == 400
    assert "from 0 to 60" in answer.json()["error"]["message"]


def test_a_call_that_runs_is_stopped(probe: Probe) -> None:
    request_id = ask(probe, "sleep", 18)
    wait_for(probe, request_id, "running")
    answer = probe.client.post(f"/v1/calls/{request_id}/cancel")
    assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
    record = eventually(lambda: probe.find_record(outcome="cancelled"))
    assert record["run_us"] < 15_000_000
    assert look(probe, request_id)["answer"] is None


def test_a_call_is_cancelled_once(probe: Probe) -> None:
    request_id = ask(probe, "sleep", 18)
    assert probe.client.delete(f"/v1/calls/{request_id}").json()["state"] == "cancelled"
    again = probe.client.post(f"/v1/calls/{request_id}/cancel")
    assert (again.status_code, again.json()["error"]["message"]) == (409, "The call was cancelled before.")
    finished = ask(probe, "echo", 1)
    look(probe, finished, wait=40)
    late = probe.client.post(f"/v1/calls/{finished}/cancel")
    assert (late.status_code, late.json()["error"]["message"]) == (409, "The call has succeeded already.")


def count_connections(database: psycopg.Connection[tuple[int]]) -> int:
    row = database.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = ''").fetchone()
    assert row is not None
    return row[0]


def test_who_waits_holds_no_database_connection(platform: RunningPlatform, probe: Probe) -> None:
    request_id = ask(probe, "sleep", 4)
    with ThreadPoolExecutor(30) as pool, psycopg.connect(platform.environ["DATABASE_URL"]) as database:
        before = count_connections(database)
        waiting = [pool.submit(look, probe, request_id, wait=40) for _ in range(30)]
        time.sleep(2.0)
        held = count_connections(database) - before
        assert probe.client.post("/v1/algo/agora/hello", json="a").status_code == 200, "and calls go on"
        answers = [future.result() for future in waiting]
    assert {answer["state"] for answer in answers} == {"succeeded"}
    assert held < 15


def test_a_killed_worker_costs_time_and_nothing_else(platform: RunningPlatform, probe: Probe) -> None:
    request_id = ask(probe, "sleep", 2)
    wait_for(probe, request_id, "running")
    os.kill(int((platform.home / "run" / "caller.pid").read_text()), signal.SIGKILL)
    call = look(probe, request_id, wait=60)
    assert (call["state"], call["answer"]["result"]) == ("succeeded", 2)
    assert call["attempts"] == 2


def test_an_algorithm_asks_for_a_call_that_outlives_it(probe: Probe) -> None:
    answer = probe.post("call_later", {"algorithm": "agora/hello", "value": "later"})
    inner = answer.json()["result"]
    assert inner["async"] == "void", answer.text
    call = look(probe, inner["request_id"], wait=40)
    assert call["answer"]["result"] == "Hello, later!"
    child = eventually(lambda: probe.find_record(call_id=call["call_id"]))
    assert child["parent_id"] == child["root_id"] == answer.headers["x-agora-call-id"]


def test_an_algorithm_sees_the_calls_of_its_tree_only(probe: Probe) -> None:
    others = ask(probe, "echo", "a secret of the caller's")
    assert probe.post("look", f"/v1/calls/{others}").json()["result"]["error"]["code"] == "not_found"
    assert probe.post("look", "/v1/calls").json()["result"]["results"] == []


def test_each_answer_is_json_as_it_was_written(probe: Probe) -> None:
    request_id = ask(probe, "echo", 2**70)
    look(probe, request_id, wait=40)
    text = probe.client.get(f"/v1/calls/{request_id}").text
    assert f'"result":{2**70}' in text
    assert json.loads(text)["answer"]["result"] == 2**70


def test_the_same_call_asked_for_twice_is_one(probe: Probe) -> None:
    key = {"Idempotency-Key": str(uuid.uuid4())}
    with ThreadPoolExecutor(8) as pool:
        asked = list(pool.map(lambda _: ask(probe, "echo", 1, headers=key), range(8)))
    assert len(set(asked)) == 1
    other = probe.client.post(probe.path, json={"do": "echo", "with": 2}, params=VOID, headers=key)
    assert (other.status_code, "idempotency key" in other.text) == (409, True)
    empty = probe.client.post(probe.path, json=1, params=VOID, headers={"Idempotency-Key": "x" * 256})
    assert empty.status_code == 400
