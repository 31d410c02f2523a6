"""What runs now, as the API tells it, and its end by order."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from tests.integration.gateway.conftest import Probe
from tests.integration.invocations.platform_calls import client_of_a_stranger
from tests.platform import RunningPlatform

SECONDS = 20.0


class Running:
    """A call that sleeps, in a thread of its own."""

    def __init__(self, probe: Probe, seconds: float = 18) -> None:
        self.response: httpx.Response | None = None
        self._thread = threading.Thread(target=self._call, args=(probe, seconds))
        self._thread.start()

    def _call(self, probe: Probe, seconds: float) -> None:
        self.response = probe.post("sleep", seconds)

    def wait(self) -> httpx.Response:
        self._thread.join(SECONDS + 10)
        assert self.response is not None
        return self.response


@contextmanager
def a_call_that_runs(probe: Probe) -> Iterator[tuple[Running, dict[str, Any]]]:
    running = Running(probe)
    yield running, find_call(probe)
    running.wait()


def find_call(probe: Probe) -> dict[str, Any]:
    """The call that sleeps, as soon as it runs."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        calls = probe.client.get("/v1/monitor").raise_for_status().json()["calls"]
        found = [call for call in calls if call["state"] == "running" and call["algorithm"] == "demo/probe"]
        if found:
            return dict(found[0])
        time.sleep(0.1)
    pytest.fail("the call was never seen")


def test_a_running_call_is_seen_and_ended_and_pays_for_its_time(probe: Probe) -> None:
    with a_call_that_runs(probe) as (running, call):
        assert (call["caller"], call["member"], call["version"]) == ("demo", "demo", "0.1.0")
        time.sleep(0.5)
        assert probe.client.post(f"/v1/monitor/calls/{call['call_id']}/end").status_code == 204
        answer = running.wait()
    assert answer.status_code == 409
    assert answer.json()["error"] == {"message": "This call was ended by demo.", "error_type": "CancelledError"}
    record = wait_for_record(probe, call["call_id"])
    assert record["outcome"] == "cancelled"
    assert record["run_us"] > 400_000
    again = probe.client.post(f"/v1/monitor/calls/{call['call_id']}/end")
    assert again.status_code == 404
    assert "has ended" in again.json()["error"]["message"]


def wait_for_record(probe: Probe, call_id: str) -> dict[str, Any]:
    deadline = time.monotonic() + SECONDS
    while (record := probe.find_record(call_id=call_id)) is None:
        assert time.monotonic() < deadline, "it was never recorded"
        time.sleep(0.1)
    return record


def test_others_neither_see_it_nor_end_it(probe: Probe, platform: RunningPlatform) -> None:
    with a_call_that_runs(probe) as (running, call), client_of_a_stranger(platform) as stranger:
        seen = stranger.get("/v1/monitor").json()
        assert (seen["calls"], seen["nodes"]) == ([], [])
        assert stranger.post(f"/v1/monitor/calls/{call['call_id']}/end").status_code == 404
        assert running.response is None
        probe.client.post(f"/v1/monitor/calls/{call['call_id']}/end")


def test_the_command_line_lists_it_and_ends_it(probe: Probe, platform: RunningPlatform) -> None:
    with a_call_that_runs(probe) as (running, call):
        listed = agora(platform, "ps")
        assert call["call_id"] in listed.stdout
        assert "demo/probe/0.1.0" in listed.stdout
        ended = agora(platform, "kill", call["call_id"])
        assert (ended.returncode, ended.stdout) == (0, f"{call['call_id']} was ended.\n")
        assert running.wait().status_code == 409
    again = agora(platform, "kill", call["call_id"])
    assert again.returncode == 1
    assert "it has ended" in again.stderr


def agora(platform: RunningPlatform, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "marketplace.cli", *arguments]
    return subprocess.run(command, env=platform.environ, capture_output=True, text=True, timeout=60, check=False)
