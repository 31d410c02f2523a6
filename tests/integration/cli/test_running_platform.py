"""What `agora up` prints, and how it keeps its processes running."""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from execution.client import read_machine_report
from tests.platform import RunningPlatform, UpProcess, free_port, make_home, processes_of

RECOVERY_SECONDS = 30.0


def call(platform: RunningPlatform) -> httpx.Response:
    headers = {"Authorization": f"Simple {platform.demo_key}"}
    return httpx.post(f"{platform.address}/v1/algo/agora/hello", json="world", headers=headers, timeout=10.0)


def works(platform: RunningPlatform) -> bool:
    """Whether it calls, and reads its tables: calls alone do without PostgreSQL."""
    page = httpx.get(f"{platform.address}/v1/algorithms/agora/hello", timeout=10.0)
    return call(platform).status_code == page.status_code == 200


def test_it_prints_what_a_newcomer_needs(platform: RunningPlatform) -> None:
    for text in (platform.address, platform.demo_username, platform.demo_password, platform.demo_key):
        assert text in platform.printed


def test_it_says_how_strangers_code_is_held(platform: RunningPlatform) -> None:
    report = read_machine_report(platform.home)
    assert report is not None
    for line in report.lines():
        assert line in platform.printed


def test_web_may_open_as_many_files_as_the_machine_lets_it(platform: RunningPlatform) -> None:
    """Each leased slot is three."""
    pid = (platform.home / "run" / "web.pid").read_text().strip()
    limits = Path(f"/proc/{pid}/limits").read_text().splitlines()
    line = next(line for line in limits if line.startswith("Max open files"))
    soft, hard = line.removeprefix("Max open files").split()[:2]
    assert soft == hard


@pytest.mark.skipif(shutil.which("curl") is None, reason="the machine has no curl")
def test_the_printed_call_works_as_it_stands(platform: RunningPlatform) -> None:
    lines = platform.printed.splitlines()
    number = next(number for number, line in enumerate(lines) if line.startswith("curl "))
    answer = subprocess.run(["bash", "-c", lines[number]], capture_output=True, check=True).stdout
    assert json.loads(answer)["result"] == json.loads(lines[number + 1])["result"]
    assert shlex.split(lines[number])[2].startswith(platform.address)


def test_the_demo_key_is_kept_from_other_users(platform: RunningPlatform) -> None:
    for name in ("demo.json", "secret_key"):
        assert (platform.home / name).stat().st_mode & 0o077 == 0


def test_a_second_up_says_which_process_runs(platform: RunningPlatform) -> None:
    environ = {**platform.environ, "AGORA_PORT": str(free_port())}
    command = [sys.executable, "-m", "marketplace.cli", "up"]
    second = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=30, check=False)
    assert second.returncode == 1
    pid = json.loads((platform.home / "run" / "up.lock").read_text())["pid"]
    assert f"runs here already, as process {pid}, at {platform.address}" in second.stderr
    assert "Traceback" not in second.stderr
    assert call(platform).status_code == 200


@pytest.mark.parametrize("name", ["web", "agent", "redis", "drain", "worker", "caller", "postgres"])
def test_a_killed_process_is_started_again(platform: RunningPlatform, name: str) -> None:
    pid_file = platform.home / "run" / f"{name}.pid"
    killed = int(pid_file.read_text())
    os.kill(killed, signal.SIGKILL)
    deadline = time.monotonic() + RECOVERY_SECONDS
    while time.monotonic() < deadline:
        try:
            if int(pid_file.read_text()) != killed and works(platform):
                return
        except (httpx.TransportError, ValueError):
            pass
        time.sleep(0.1)
    pytest.fail(f"{name} did not come back within {RECOVERY_SECONDS} s")


def test_a_taken_port_is_one_clear_sentence(platform: RunningPlatform) -> None:
    home = make_home()
    up = UpProcess(home, int(platform.address.rsplit(":", 1)[1]))
    assert up.process.wait(30) == 1
    assert "is taken by another program: choose another, as in `AGORA_PORT=" in up.printed
    assert "Traceback" not in up.printed
    assert not processes_of(home)
    shutil.rmtree(home)
