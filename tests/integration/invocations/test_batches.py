"""Many calls at once, on a running platform."""

import json
import os
import signal
import time
import uuid
from typing import Any

import pytest

from tests.integration.gateway.conftest import Probe, probe, probe_reference
from tests.integration.invocations.platform_calls import client_of_a_stranger
from tests.platform import RunningPlatform

__all__ = ["probe", "probe_reference"]
BATCH_SECONDS = 90.0


def start(probe: Probe, inputs: list[object], **headers: str) -> dict[str, Any]:
    answer = probe.client.post(f"{probe.path}/batch", json=inputs, headers=headers)
    assert answer.status_code == 202, answer.text
    return dict(answer.json())


def look(probe: Probe, batch: dict[str, Any], **query: Any) -> dict[str, Any]:
    return dict(probe.client.get(f"/v1/batches/{batch['batch_id']}", params=query).raise_for_status().json())


def finish(probe: Probe, batch: dict[str, Any]) -> dict[str, Any]:
    """The batch's first page when nothing more will become of it."""
    deadline = time.monotonic() + BATCH_SECONDS
    while (page := look(probe, batch))["counts"]["queued"] + page["counts"]["running"]:
        assert time.monotonic() < deadline, page["counts"]
        time.sleep(0.2)
    return page


def all_results(probe: Probe, batch: dict[str, Any]) -> list[dict[str, Any]]:
    page = look(probe, batch, limit=200)
    results = page["results"]
    while page["marker"]:
        page = look(probe, batch, limit=200, marker=page["marker"])
        results += page["results"]
    return list(results)


def echo(value: object) -> object:
    return {"do": "echo", "with": value}


def test_a_batch_of_a_thousand_and_others_in_between(probe: Probe) -> None:
    batch = start(probe, [echo(number) for number in range(1000)])
    assert (batch["size"], sum(batch["counts"].values())) == (1000, 1000)
    alone = probe.client.post(probe.path, json=echo("alone"), params={"output": "void"}).json()["request_id"]
    assert probe.client.get(f"/v1/calls/{alone}?wait=40").json()["state"] == "succeeded"
    assert look(probe, batch)["counts"]["queued"] > 0, "a batch lets others pass"
    page = finish(probe, batch)
    assert page["counts"] == {"queued": 0, "running": 0, "succeeded": 1000, "failed": 0, "cancelled": 0}
    results = all_results(probe, batch)
    assert [result["answer"]["result"] for result in results] == list(range(1000))
    assert [result["position"] for result in results] == list(range(1000))


def test_lines_of_json_and_failures(probe: Probe) -> None:
    lines = [echo("é\n"), {"do": "fail", "with": "no"}, echo(None)]
    content = "\r\n".join(json.dumps(line) for line in lines) + "\n\n"
    headers = {"Content-Type": "application/x-ndjson"}
    batch = probe.client.post(f"{probe.path}/0.1/batch/", content=content, headers=headers).json()
    page = finish(probe, batch)
    assert (page["counts"]["succeeded"], page["counts"]["failed"]) == (2, 1)
    first, second, _ = page["results"]
    assert first["answer"]["result"] == "é\n"
    assert second["answer"]["error"]["message"] == "no"


def test_what_has_not_run_never_does(probe: Probe) -> None:
    batch = start(probe, [{"do": "sleep", "with": 2}] * 40)
    cancelled = probe.client.post(f"/v1/batches/{batch['batch_id']}/cancel").json()
    assert cancelled["counts"]["queued"] == cancelled["counts"]["running"] == 0
    assert cancelled["counts"]["cancelled"] >= 30
    again = probe.client.delete(f"/v1/batches/{batch['batch_id']}")
    assert (again.status_code, again.json()["counts"]) == (200, cancelled["counts"])


def test_a_killed_worker_costs_time_and_nothing_else(platform: RunningPlatform, probe: Probe) -> None:
    batch = start(probe, [{"do": "sleep", "with": 0.3}] * 30)
    while look(probe, batch)["counts"]["succeeded"] < 3:
        time.sleep(0.1)
    os.kill(int((platform.home / "run" / "caller.pid").read_text()), signal.SIGKILL)
    assert finish(probe, batch)["counts"]["succeeded"] == 30


def test_a_stranger_finds_nothing(platform: RunningPlatform, probe: Probe) -> None:
    batch = start(probe, [echo(1)])
    with client_of_a_stranger(platform) as stranger:
        assert stranger.get(f"/v1/batches/{batch['batch_id']}").status_code == 404
        assert stranger.post(f"/v1/batches/{batch['batch_id']}/cancel").status_code == 404
    assert probe.client.get(f"/v1/batches/{uuid.UUID(int=7)}").status_code == 404


@pytest.mark.parametrize(
    ("content", "kind", "status", "message"),
    [
        (b"[]", "application/json", 400, "1 to 10,000 inputs"),
        (b"{}", "application/json", 400, "a JSON array"),
        (b"[1,", "application/json", 400, "not JSON"),
        (b"1\n{\n", "application/x-ndjson", 400, "Input 1: The body is not JSON"),
        (b"1\n" * 10_001, "application/x-ndjson", 400, "10,001"),
        (b"1", "text/plain", 415, "application/x-ndjson"),
        (b'["' + b"x" * (11 << 20) + b'"]', "application/json", 413, "Input 0: The input is larger than 10 MiB"),
        (b" " * ((50 << 20) + 1), "application/json", 413, "50 MiB"),
    ],
)
def test_a_wrong_batch(probe: Probe, content: bytes, kind: str, status: int, message: str) -> None:
    answer = probe.client.post(f"{probe.path}/batch", content=content, headers={"Content-Type": kind})
    assert answer.status_code == status, answer.text
    assert message in answer.json()["error"]["message"]


def test_a_batch_has_no_webhook(probe: Probe) -> None:
    answer = probe.client.post(f"{probe.path}/batch?webhook=https://example.com", json=[1])
    assert answer.status_code == 400


def test_the_same_batch_asked_for_twice_is_one(probe: Probe) -> None:
    key = {"Idempotency-Key": str(uuid.uuid4())}
    first = start(probe, [echo(1), echo(2)], **key)
    again = probe.client.post(f"{probe.path}/batch", json=[echo(1), echo(2)], headers=key)
    assert (again.json()["batch_id"], again.headers["idempotency-replayed"]) == (first["batch_id"], "true")
    other = probe.client.post(f"{probe.path}/batch", json=[echo(1), echo(3)], headers=key)
    assert other.status_code == 409
    assert "idempotency key" in other.json()["error"]["message"]
