"""Streaming results over HTTP: chunks as server-sent events or as one list, slow callers, callers who hang up."""

import json
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.integration.gateway.conftest import Probe
from tests.integration.gateway.test_calls import eventually
from tests.integration.gateway_edges.raw_http import request_bytes
from tests.platform import RunningPlatform


@dataclass(frozen=True)
class Event:
    name: str
    data: Any
    at: float


def read_events(response: httpx.Response) -> Iterator[Event]:
    name = "message"
    for line in response.iter_lines():
        field, _, value = line.partition(": ")
        if field == "event":
            name = value
        elif field == "data":
            yield Event(name, json.loads(value), time.monotonic())
            name = "message"


def stream(probe: Probe, do: str, value: object, **parameters: Any) -> list[Event]:
    body = {"do": do, "with": value}
    headers = {"Accept": "text/event-stream"}
    with probe.client.stream("POST", probe.path, json=body, headers=headers, params=parameters) as response:
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/event-stream"
        assert response.headers["x-agora-call-id"]
        return list(read_events(response))


def test_chunks_come_as_they_are_made_and_the_end_after_it_was_metered(probe: Probe) -> None:
    values = [1, "é\n", {"a": [None]}, []]
    events = stream(probe, "stream", {"values": values, "pause": 0.3, "return": "over"})
    assert [(event.name, event.data) for event in events[:-1]] == [("message", value) for value in values]
    times = [event.at for event in events]
    assert all(later - earlier > 0.1 for earlier, later in pairwise(times[:-1]))
    assert (events[-1].name, events[-1].data["result"]) == ("done", "over")
    metadata = events[-1].data["metadata"]
    assert metadata["content_type"] == "text"
    assert metadata["duration"] > 1
    assert metadata["cost"] >= 2_000_000
    record = eventually(lambda: probe.find_record(call_id=metadata["call_id"]))
    assert record["outcome"] == "ok"
    written = [json.dumps(value, ensure_ascii=False, separators=(",", ":")) for value in [*values, "over"]]
    assert record["bytes_out"] == len("".join(written).encode())


def test_without_asking_the_chunks_are_one_list(probe: Probe) -> None:
    answer = probe.post("stream", {"values": ["a", 1, {"bytes": [255, 0]}], "return": "lost"}).json()
    assert answer["result"] == ["a", 1, "/wA="]
    assert answer["metadata"]["content_type"] == "json"
    assert probe.post("stream", {"values": []}).json()["result"] == []
    assert probe.post("stream_asynchronously", {"values": [3, [4]]}).json()["result"] == [3, [4]]


def test_bytes_have_an_event_of_their_own(probe: Probe) -> None:
    events = stream(probe, "stream", {"values": [{"bytes": [255, 0]}, "text"]})
    assert [(event.name, event.data) for event in events[:-1]] == [("binary", "/wA="), ("message", "text")]


def test_a_result_that_is_no_stream_comes_with_the_end(probe: Probe) -> None:
    (event,) = stream(probe, "echo", {"plain": True})
    assert (event.name, event.data["result"]) == ("done", {"plain": True})


def test_a_failure_is_the_last_event(probe: Probe) -> None:
    events = stream(probe, "stream", {"values": [1], "fail": "no more"})
    assert [event.name for event in events] == ["message", "error"]
    assert events[1].data["error"]["message"] == "no more"
    assert events[1].data["error"]["error_type"] == "InputError"
    assert "probe.py" in events[1].data["error"]["stacktrace"]
    assert probe.post("stream", {"values": [1], "fail": "no more"}).json()["error"]["message"] == "no more"


def test_the_deadline_ends_a_stream(probe: Probe) -> None:
    began = time.monotonic()
    events = stream(probe, "stream", {"values": list(range(100)), "pause": 0.2}, timeout=1)
    assert time.monotonic() - began < 10
    assert events[-1].name == "error"
    assert events[-1].data["error"]["error_type"] == "TimeoutError"
    assert [event.data for event in events[:-1]] == list(range(len(events) - 1))
    assert len(events) > 2


def test_a_call_that_is_refused_has_a_status(probe: Probe) -> None:
    answer = probe.client.post("/v1/algo/demo/nothing", json=1, headers={"Accept": "text/event-stream"})
    assert answer.status_code == 404
    assert answer.json()["error"]["error_type"] == "EntityNotFoundError"


def test_the_connection_serves_the_next_call(probe: Probe) -> None:
    stream(probe, "stream", {"values": [1]})
    assert probe.post("echo", 2).json()["result"] == 2


@pytest.mark.parametrize(("mebibytes", "outcome"), [(14, "ok"), (16, "algorithm_error")])
def test_one_list_is_no_larger_than_an_answer(probe: Probe, mebibytes: int, outcome: str) -> None:
    answer = probe.post("pour", mebibytes)
    if outcome == "ok":
        assert len(answer.json()["result"]) == mebibytes
    else:
        assert answer.json()["error"]["error_type"] == "TooLargeError"


def test_a_stream_may_be_larger_than_an_answer(probe: Probe) -> None:
    events = stream(probe, "pour", 40)
    assert len(events) == 41
    assert events[-1].name == "done"


def open_stream(platform: RunningPlatform, probe: Probe, do: str, value: object) -> socket.socket:
    """A connection on which the call was asked for, and nothing was read."""
    address = urlsplit(platform.address)
    connection = socket.create_connection((address.hostname, address.port), timeout=20)
    body = json.dumps({"do": do, "with": value}).encode()
    path = probe.path.encode()
    connection.sendall(request_bytes(b"POST", path, platform.demo_key, body, Accept="text/event-stream"))
    return connection


def test_a_slow_caller_holds_the_algorithm_up(platform: RunningPlatform, probe: Probe) -> None:
    """Nobody reads: nothing is kept of hundreds of mebibytes but what fits into buffers, until the deadline."""
    web = next(iter(_find_web(platform)))
    before = _resident(web)
    with open_stream(platform, probe, "pour", 900) as connection:
        time.sleep(3)
        assert _resident(web) - before < 60 << 20
        assert connection.recv(9) == b"HTTP/1.1 "
    eventually(lambda: probe.find_record(outcome="cancelled"))


def test_a_caller_who_hangs_up_ends_the_slot(platform: RunningPlatform, probe: Probe) -> None:
    with open_stream(platform, probe, "stream", {"values": list(range(1000)), "pause": 0.05}) as connection:
        received = b""
        while b"data: 3" not in received:
            received += (read := connection.recv(1 << 16))
            assert read, received
    began = time.monotonic()
    record = eventually(lambda: probe.find_record(outcome="cancelled"))
    assert time.monotonic() - began < 15
    assert record["algorithm"] == "demo/probe"
    assert probe.post("echo", 5).json()["result"] == 5


def _find_web(platform: RunningPlatform) -> Iterator[int]:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environ, command = (folder / "environ").read_bytes(), (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if f"AGORA_HOME={platform.home}".encode() in environ and b"\0web" in command:
            yield int(folder.name)


def _resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096
