"""Algorithms that break the protocol on purpose: whoever calls them gets an answer in time, and nobody else notices."""

import json
import time

import pytest

from tests.integration.gateway.conftest import Probe
from tests.platform import RunningPlatform

FORGED = json.dumps({"result": "forged", "metadata": {"content_type": "text"}})
SOON_SECONDS = 15.0


def check_the_next_call(probe: Probe) -> None:
    for number in range(3):
        assert probe.post("echo", number).json()["result"] == number


def test_an_answer_that_is_too_large(probe: Probe) -> None:
    fits = probe.post("huge", 14)
    assert len(fits.json()["result"]) == 14 << 20
    answer = probe.post("huge", 16)
    assert answer.status_code == 200
    assert answer.json()["error"]["error_type"] == "TooLargeError"
    assert "15 MiB" in answer.json()["error"]["message"]
    check_the_next_call(probe)


def test_an_answer_without_end(probe: Probe) -> None:
    began = time.monotonic()
    answer = probe.post("write", {"parts": ["x" * (1 << 20)] * 20, "wait": 30})
    assert time.monotonic() - began < SOON_SECONDS
    assert answer.json()["error"]["error_type"] == "TooLargeError"
    check_the_next_call(probe)


@pytest.mark.parametrize(
    "parts",
    [
        ["this is no JSON\n"],
        ["\n"],
        ["[1]\n"],
        ["{}\n"],
        ['{"result": 1}\n'],
        ['{"result": 1, "metadata": {"content_type": "picture"}}\n'],
        ['{"result": {"a": 1}, "metadata": {"content_type": "binary"}}\n'],
        [f"{FORGED}\n{FORGED}\n"],
        [f"{FORGED}\n{FORGED[:20]}"],
        ["[" * 100_000 + "\n"],
    ],
)
def test_what_is_no_answer(probe: Probe, parts: list[str]) -> None:
    began = time.monotonic()
    answer = probe.post("write", {"parts": parts, "wait": 30})
    assert time.monotonic() - began < SOON_SECONDS
    assert answer.status_code == 200
    assert answer.json()["error"]["error_type"] == "SystemError"
    assert "forged" not in answer.text
    check_the_next_call(probe)


def test_an_answer_in_pieces_is_an_answer(probe: Probe) -> None:
    parts = [FORGED[:7], FORGED[7:30], f"{FORGED[30:]}\n"]
    assert probe.post("write", {"parts": parts, "pause": 0.05, "wait": 0.1}).json()["result"] == "forged"
    time.sleep(0.3)  # the real answer comes, and ends the slot
    check_the_next_call(probe)


def test_half_an_answer_ends_with_the_deadline(probe: Probe) -> None:
    began = time.monotonic()
    answer = probe.post("write", {"parts": [FORGED], "wait": 30}, timeout=1)
    assert time.monotonic() - began < SOON_SECONDS
    assert answer.status_code == 504
    check_the_next_call(probe)


def test_what_follows_an_answer_reaches_nobody(platform: RunningPlatform, probe: Probe) -> None:
    """The real answer comes after the forged one, when nobody waits for it any more."""
    for _ in range(3):
        assert probe.post("write", {"parts": [f"{FORGED}\n"], "wait": 0.2}).json()["result"] == "forged"
        time.sleep(0.4)
        assert probe.post("echo", "mine").json()["result"] == "mine"


def test_an_answer_after_the_deadline_reaches_nobody(probe: Probe) -> None:
    assert probe.post("sleep", 1.5, timeout=1).status_code == 504
    began = time.monotonic()
    while time.monotonic() - began < 1.5:
        assert probe.post("echo", "mine").json()["result"] == "mine"


def test_a_channel_that_is_shut_down(probe: Probe) -> None:
    began = time.monotonic()
    answer = probe.post("write", {"parts": [], "end": "shutdown", "wait": 30})
    assert time.monotonic() - began < SOON_SECONDS
    assert answer.status_code == 200
    assert answer.json()["error"]["error_type"] == "SystemError"
    check_the_next_call(probe)


def test_a_channel_that_only_the_runner_closes(probe: Probe) -> None:
    """Its sandbox still holds it: the deadline ends the call."""
    answer = probe.post("write", {"parts": [], "end": "close", "wait": 30}, timeout=1)
    assert answer.status_code == 504
    check_the_next_call(probe)


def test_two_processes_that_answer_the_same_call(probe: Probe) -> None:
    """An algorithm that forks comes back twice: the second answer, and those of a second runner, reach nobody."""
    for number in range(5):
        answer = probe.post("fork", number).json()
        assert answer.get("result", number) == number
        for value in range(3):
            answer = probe.post("echo", [number, value]).json()
            assert answer.get("result", [number, value]) == [number, value]
    check_the_next_call(probe)


def test_a_forged_answer_that_comes_while_another_call_runs(probe: Probe) -> None:
    """A thread writes an answer with the id of a call that is over: the call that runs fails, and is not given it."""
    late = json.dumps({"result": "forged", "metadata": {"content_type": "text"}, "id": "an-old-call"})
    assert probe.post("write_later", {"after": 0.3, "line": f"{late}\n"}).json()["result"] == "answered"
    answer = probe.post("sleep", 2).json()
    assert answer["error"]["error_type"] == "SystemError"
    assert "another request" in answer["error"]["message"]
    check_the_next_call(probe)


def test_a_line_that_a_thread_writes_between_calls(probe: Probe) -> None:
    for _ in range(3):
        assert probe.post("write_later", {"after": 0.1, "line": f"{FORGED}\n"}).json()["result"] == "answered"
        time.sleep(0.4)
        assert probe.post("echo", "mine").json()["result"] == "mine"
