"""Calls on a running platform: what goes in and comes out, how they fail, what is recorded, how connections work."""

import base64
import json
import socket
import time
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx
import pytest

from tests.integration.gateway.conftest import CALL_SECONDS, Probe
from tests.integration.gateway_edges.raw_http import request_bytes, send
from tests.platform import RunningPlatform

RECORDED_SECONDS = 15.0
FoundT = TypeVar("FoundT")


def eventually(look: Callable[[], FoundT | None]) -> FoundT:
    deadline = time.monotonic() + RECORDED_SECONDS
    while (found := look()) is None:
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.1)
    return found


@pytest.mark.parametrize("value", [None, True, 0, -1.5, "é\U0001f600", [], {}, [[{"a": None}]], 2**53 + 1, "a\nb\0"])
def test_json_comes_back_as_it_was_sent(probe: Probe, value: object) -> None:
    answer = probe.post("echo", value).json()
    assert answer["result"] == value
    assert answer["metadata"]["content_type"] == ("text" if isinstance(value, str) else "json")
    assert 0 < answer["metadata"]["duration"] < 20


@pytest.mark.parametrize(
    ("content_type", "body", "received"),
    [
        ("text/plain", "é\n".encode(), {"type": "str", "length": 2}),
        ("text/plain; charset=utf-8", b"", {"type": "str", "length": 0}),
        ("application/octet-stream", bytes(range(256)), {"type": "bytes", "length": 256}),
        ("application/json", b"[1,\n 2]", {"type": "list", "length": 2}),
        ("application/octet-stream", b"\0" * (10 << 20), {"type": "bytes", "length": 10 << 20}),
    ],
)
def test_each_content_type_is_what_the_algorithm_gets(
    probe: Probe, content_type: str, body: bytes, received: dict[str, Any]
) -> None:
    answer = probe.client.post(probe.path, content=body, headers={"Content-Type": content_type})
    assert answer.status_code == 200, answer.text
    assert answer.json()["result"] == received


def test_bytes_come_back_in_base64_or_bare(probe: Probe) -> None:
    answer = probe.post("bytes", [0, 255, 10]).json()
    assert answer["metadata"]["content_type"] == "binary"
    assert base64.b64decode(answer["result"]) == b"\x00\xff\n"
    bare = probe.post("bytes", [0, 255, 10], output="raw")
    assert (bare.content, bare.headers["content-type"]) == (b"\x00\xff\n", "application/octet-stream")


def test_text_and_json_come_back_bare(probe: Probe) -> None:
    text = probe.post("text", 5, output="raw")
    assert (text.text, text.headers["content-type"]) == ("5", "text/plain; charset=utf-8")
    value = probe.post("echo", {"a": 1}, output="raw")
    assert (value.json(), value.headers["content-type"]) == ({"a": 1}, "application/json")


@pytest.mark.parametrize("selector", ["", "/", "/latest", "/0.1.0", "/0.1", "/0.1.*", "/0", "/0.x"])
def test_each_way_to_name_the_version(platform: RunningPlatform, probe: Probe, selector: str) -> None:
    answer = probe.client.post(f"/v1/algo/agora/hello{selector}", json="world")
    assert answer.json()["result"] == "Hello, world!"


def test_a_page_of_another_site_may_read_answers_and_refusals(probe: Probe) -> None:
    answer = probe.client.post("/v1/web/algo/agora/hello?timeout=5", json="world")
    assert (answer.json()["result"], answer.headers["access-control-allow-origin"]) == ("Hello, world!", "*")
    refused = httpx.post(f"{probe.client.base_url}/v1/web/algo/agora/hello", json="world")
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, "*")
    assert refused.json()["error"]["message"] == refused.headers["x-error-message"] == "authorization required"
    assert "access-control-allow-origin" not in probe.client.post("/v1/algo/agora/hello", json="world").headers


@pytest.mark.parametrize("name", ["agora/HELLO", "Agora/hello"])
def test_names_are_the_same_in_any_case(probe: Probe, name: str) -> None:
    assert probe.client.post(f"/v1/algo/{name}", json="world").status_code == 200


@pytest.mark.parametrize("form", ["Simple {}", "Bearer {}", "{}", "simple {}"])
def test_each_way_to_send_the_key(platform: RunningPlatform, form: str) -> None:
    answer = httpx.post(
        f"{platform.address}/v1/algo/agora/hello", json="a", headers={"Authorization": form.format(platform.demo_key)}
    )
    assert answer.status_code == 200


def test_an_exception_is_an_answer_with_the_trace_for_its_owner(probe: Probe) -> None:
    answer = probe.post("fail", "The picture is empty.")
    assert answer.status_code == 200
    error = answer.json()["error"]
    assert (error["message"], error["error_type"]) == ("The picture is empty.", "InputError")
    assert "in fail" in error["stacktrace"]
    assert "runner.py" not in error["stacktrace"]


def test_a_stranger_gets_no_trace(probe: Probe) -> None:
    error = probe.client.post("/v1/algo/agora/text_statistics", json={"not": "text"}).json()["error"]
    assert error["message"]
    assert "stacktrace" not in error


def test_an_exit_is_an_answer_and_the_next_call_works(probe: Probe) -> None:
    answer = probe.post("exit", 7)
    assert answer.status_code == 200
    assert "exit code 7" in answer.json()["error"]["message"]
    assert probe.post("echo", 1).json()["result"] == 1


def test_what_it_printed_before_it_died_is_for_its_owner(probe: Probe) -> None:
    error = probe.post("print_and_exit", "last words").json()["error"]
    assert "exit code 9" in error["message"]
    assert "last words" in error["stacktrace"]
    assert "last words" not in error["message"], "which anybody gets"


def test_a_bare_failure_is_a_status_and_a_text(probe: Probe) -> None:
    answer = probe.post("fail", "The picture is empty.", output="raw")
    assert (answer.status_code, answer.text) == (400, "The picture is empty.")


def test_times_are_told_to_those_who_ask(probe: Probe) -> None:
    timing = probe.post("echo", 1, timing=1).json()["metadata"]["timing"]
    assert 0 < timing["running"] <= timing["total"]


def test_what_it_printed_is_told_to_its_owner_who_asks(probe: Probe) -> None:
    probe.post("say", ["of another call"])
    metadata = probe.post("say", ["one", "zwölf"], stdout="True").json()["metadata"]
    assert list(metadata) == ["content_type", "duration", "stdout"]
    assert sorted(metadata["stdout"].splitlines()) == ["from a child", "one", "zwölf"]
    assert probe.post("echo", 1, stdout="true").json()["metadata"]["stdout"] == ""
    assert "stdout" not in probe.post("say", ["one"]).json()["metadata"]


def test_what_it_printed_before_it_failed(probe: Probe) -> None:
    failed = probe.post("print_and_exit", "last words", stdout=1).json()
    assert "last words" in failed["metadata"]["stdout"]


def test_what_is_printed_is_cut(probe: Probe) -> None:
    printed = probe.post("say", ["x" * 1000] * 1000, stdout=1).json()["metadata"]["stdout"]
    assert printed.endswith("more was printed, and is left out\n")
    assert 256 << 10 <= len(printed) < 300 << 10


def test_others_are_not_told_what_it_printed(probe: Probe) -> None:
    answer = probe.client.post("/v1/algo/agora/hello?stdout=true", json="a").json()
    assert list(answer["metadata"]) == ["content_type", "duration"]


def test_a_call_that_takes_too_long_is_ended(probe: Probe) -> None:
    started = time.monotonic()
    answer = probe.post("sleep", 30, timeout=1)
    assert time.monotonic() - started < 10
    assert answer.status_code == 504
    assert answer.json()["error"]["error_type"] == "TimeoutError"
    assert "did not complete within 1" in answer.json()["error"]["message"]
    assert probe.post("echo", 1).json()["result"] == 1


def test_a_call_is_recorded_and_charged(probe: Probe) -> None:
    balance_before = probe.client.get("/v1/organizations/demo/balance").json()["balance_microcredits"]
    answer = probe.post("echo", "x" * 1000)
    record = eventually(lambda: probe.record_of(answer))
    assert record["outcome"] == "ok"
    assert record["royalty_microcredits"] == 2_000_000
    assert record["compute_microcredits"] == record["run_us"], "a credit for a second"
    assert record["run_us"] == round(answer.json()["metadata"]["duration"] * 1e6)
    assert record["bytes_in"] == len(json.dumps({"do": "echo", "with": "x" * 1000}, separators=(",", ":")))
    assert record["bytes_out"] == 1002
    assert record["cpu_us"] > 0
    assert record["peak_memory_bytes"] > 1_000_000
    assert record["key_name"] == "Made by agora up"
    balance = probe.client.get("/v1/organizations/demo/balance").json()["balance_microcredits"]
    assert balance < balance_before


def test_a_failed_call_is_recorded_and_costs_its_time_only(probe: Probe) -> None:
    answer = probe.post("fail", "no")
    record = eventually(lambda: probe.record_of(answer))
    assert record["outcome"] == "algorithm_error"
    assert (record["royalty_microcredits"], record["compute_microcredits"]) == (0, record["run_us"])


def test_a_call_whose_process_died_costs_nothing(probe: Probe) -> None:
    answer = probe.post("exit", 1)
    record = eventually(lambda: probe.record_of(answer))
    assert record["outcome"] == "crashed"
    assert record["royalty_microcredits"] == record["compute_microcredits"] == 0


def test_an_algorithm_calls_another_in_the_name_of_its_caller(probe: Probe) -> None:
    answer = probe.post("call", {"algorithm": "agora/hello", "value": "child"})
    assert answer.json()["result"] == "Hello, child!"
    parent_id = answer.headers["x-agora-call-id"]

    child = eventually(lambda: probe.find_record(parent_id=parent_id))
    assert (child["algorithm"], child["root_id"]) == ("agora/hello", parent_id)


def nest(probe: Probe, depth: int) -> object:
    """Input for a call of the probe with `depth` calls of itself below it; the last one answers "bottom"."""
    value: object = {"do": "echo", "with": "bottom"}
    for _ in range(depth):
        value = {"do": "call", "with": {"algorithm": probe.path.removeprefix("/v1/algo/"), "value": value}}
    return value


def test_an_algorithm_that_calls_itself_does_not_wait_for_slots_that_wait_for_it(probe: Probe) -> None:
    answer = probe.client.post(probe.path, json=nest(probe, 12))
    assert answer.json().get("result") == "bottom", answer.text


def test_an_algorithm_that_calls_itself_for_ever_is_stopped_at_once(probe: Probe) -> None:
    started = time.monotonic()
    error = probe.client.post(probe.path, json=nest(probe, 20)).json()["error"]
    assert "more than 16 deep" in error["message"]
    assert time.monotonic() - started < 15


def test_a_caller_who_hangs_up_ends_the_algorithm(platform: RunningPlatform, probe: Probe) -> None:
    probe.post("echo", 1)  # so that there is a slot
    parts = urlsplit(platform.address)
    body = b'{"do": "sleep", "with": 19}'.ljust(1_917)  # a size by which the record is found among other cancelled ones
    request = request_bytes(b"POST", probe.path.encode(), platform.demo_key, body)
    with socket.create_connection((str(parts.hostname), int(parts.port or 80))) as connection:
        connection.sendall(request)
        time.sleep(0.5)

    record = eventually(lambda: probe.find_record(outcome="cancelled", bytes_in=len(body)))
    assert 100_000 < record["run_us"] < 15_000_000
    assert record["royalty_microcredits"] == 0


def test_pages_and_calls_share_a_connection(probe: Probe) -> None:
    assert probe.client.get("/").status_code == 200
    assert probe.post("echo", 1).status_code == 200
    assert probe.client.get("/v1/organizations").status_code == 200
    assert probe.post("echo", 2).json()["result"] == 2


def test_requests_sent_at_once_are_answered_in_order(platform: RunningPlatform, probe: Probe) -> None:
    path = probe.path.encode()
    first = request_bytes(b"POST", path, platform.demo_key, b'{"do":"sleep","with":0.2}', Connection="keep-alive")
    second = request_bytes(b"POST", path, platform.demo_key, b'{"do":"echo","with":"second"}', Connection="keep-alive")
    third = request_bytes(b"POST", b"/v1/algo/nobody/nothing", platform.demo_key, Connection="keep-alive")
    last = request_bytes(b"POST", path, platform.demo_key, b'{"do":"echo","with":"last"}')
    answer = send(platform.address, first + second + third + last)
    text = answer.body
    places = [text.index(part) for part in (b"0.2", b"second", b"nobody/nothing not found", b"last")]
    assert places == sorted(places)


def test_a_body_in_chunks(platform: RunningPlatform, probe: Probe) -> None:
    head = request_bytes(b"POST", probe.path.encode(), platform.demo_key, b"", Transfer_Encoding="chunked")
    head = head.replace(b"Content-Length: 0\r\n", b"")
    answer = send(platform.address, head + b'6\r\n{"do":\r\n13\r\n"echo","with":"ab"}\r\n0\r\n\r\n')
    assert json.loads(answer.body)["result"] == "ab"


def test_a_client_that_asks_before_it_sends(platform: RunningPlatform, probe: Probe) -> None:
    parts = urlsplit(platform.address)
    request = request_bytes(b"POST", probe.path.encode(), platform.demo_key, b'{"do":"echo"}', Expect="100-continue")
    head, _, body = request.partition(b"\r\n\r\n")
    with socket.create_connection((str(parts.hostname), int(parts.port or 80)), timeout=10) as connection:
        connection.sendall(head + b"\r\n\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 100 ")
        connection.sendall(body)
        assert connection.recv(1000).startswith(b"HTTP/1.1 200 ")


def test_a_client_that_asks_with_a_wrong_key_need_not_send(platform: RunningPlatform, probe: Probe) -> None:
    parts = urlsplit(platform.address)
    request = request_bytes(b"POST", probe.path.encode(), "wrong", b"x" * 1000, Expect="100-continue")
    with socket.create_connection((str(parts.hostname), int(parts.port or 80)), timeout=10) as connection:
        connection.sendall(request.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 401 ")


def test_slots_have_a_door_for_calls_and_nothing_else(platform: RunningPlatform) -> None:
    transport = httpx.HTTPTransport(uds=str(platform.home / "run" / "gateway" / "gateway.sock"))
    with httpx.Client(transport=transport, base_url="http://agora") as inside:
        for path in ("/", "/v1/organizations", "/admin/", "/v1/algorithms"):
            assert inside.get(path).status_code == 404
        assert inside.post("/v1/algo/agora/hello", json="a").status_code == 401


@pytest.mark.parametrize("pause", [0.0, 0.2])
def test_a_client_that_would_rather_have_http_2_gets_its_answer(
    platform: RunningPlatform, probe: Probe, pause: float
) -> None:
    wish = {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2_Settings": "AAEAAEAAAAIAAAABAAMAAABk"}
    request = request_bytes(b"POST", probe.path.encode(), platform.demo_key, b'{"do":"echo","with":"h2c"}', **wish)
    head, end, body = request.partition(b"\r\n\r\n")
    parts = urlsplit(platform.address)
    with socket.create_connection((parts.hostname, parts.port), timeout=CALL_SECONDS) as connection:
        for _ in range(2):  # it wishes again with each request
            connection.sendall(head + end)
            time.sleep(pause)
            connection.sendall(body)
            assert b'"result":"h2c"' in read_answer(connection)


def read_answer(connection: socket.socket) -> bytes:
    received = b""
    while not received.endswith(b"}}"):
        received += connection.recv(1 << 16) or b"closed}}"
    return received
