"""The agent's own life: start, stop, and sudden death."""

import asyncio
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from execution.agent.service import run_agent
from execution.client import read_machine_report
from execution.config import AgentConfig
from execution.errors import AgentAlreadyRunning, InvalidSetting
from tests.integration.agent.agent_process import ECHO_PYTHON, AgentProcess, is_alive, python_spec, wait_until
from tests.integration.agent.gateway import connected

pytestmark = pytest.mark.xdist_group("agent")  # share agents


@pytest.fixture
def agent() -> Iterator[AgentProcess]:
    """An agent that this test may end."""
    with AgentProcess(WARM_SLOTS="python3=2,javascript=1", DRAIN_SECONDS="1") as agent:
        yield agent


def remains(agent: AgentProcess) -> list[Path]:
    """What should go with an agent."""
    return [*agent.cgroup_places, *(agent.home / "slots").glob("[0-9]*"), *Path("/run").glob(agent.place)]


def refuse(home: Path, **settings: str) -> str:
    """What `agora agent` says when it does not start."""
    done = subprocess.run(
        [sys.executable, "-m", "marketplace.cli", "agent"],
        env={**os.environ, "AGORA_HOME": str(home), **settings},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    return done.stderr


def test_the_socket_is_this_users_only(agent: AgentProcess) -> None:
    assert stat.S_IMODE(agent.socket.stat().st_mode) == 0o600


async def test_it_stops_soon_and_leaves_nothing(agent: AgentProcess) -> None:
    agent.wait_for_slots(3)
    digest = agent.publish({"src/echo.py": "def apply(input):\n    while True: pass\n"})
    async with connected(agent.socket) as gateway:
        busy = asyncio.create_task((await gateway.lease(python_spec(digest))).call(1))
        agent.wait_for_slots(4)
        processes = agent.processes()
        began = asyncio.get_running_loop().time()
        assert await asyncio.to_thread(agent.stop) == 0
        assert asyncio.get_running_loop().time() - began < 5
        assert (await asyncio.gather(busy, return_exceptions=True))[0] is not None
        await gateway.lost.wait()
    assert len(processes) > 8
    assert not [pid for pid in processes if is_alive(pid)]
    assert remains(agent) == []
    assert not agent.socket.exists()
    assert "Traceback" not in agent.log


async def test_when_it_is_killed_all_slots_die_and_the_next_one_clears_up(agent: AgentProcess) -> None:
    agent.wait_for_slots(3)
    spec = python_spec(agent.publish(ECHO_PYTHON))
    async with connected(agent.socket) as gateway:
        slot = await gateway.lease(spec)
        agent.wait_for_slots(4)
        processes = agent.processes()
        agent.process.kill()
        agent.process.wait()
        await slot.read_to_end()
    wait_until(lambda: not [pid for pid in processes if is_alive(pid)], "the slots' death")
    assert len(agent.slot_folders) == 4  # what is left
    agent.start()
    agent.wait_for_slots(3)
    assert {folder.name for folder in agent.cgroup_folders} <= agent.slot_folders
    async with connected(agent.socket) as gateway:
        assert await (await gateway.lease(spec)).call("again") == "again"
    assert list((agent.home / "cache" / "artifacts").iterdir()) == [agent.home / "cache" / "artifacts" / spec.artifact]


async def test_when_it_is_killed_while_a_slot_ignores_the_end_of_its_channel(agent: AgentProcess) -> None:
    digest = agent.publish({"src/echo.py": "def apply(input):\n    while True: pass\n"})
    async with connected(agent.socket) as gateway:
        slot = await gateway.lease(python_spec(digest))
        busy = asyncio.create_task(slot.call(1))
        await asyncio.sleep(0.05)
        processes = agent.processes()
        agent.process.send_signal(signal.SIGKILL)
        agent.process.wait()
        wait_until(lambda: not [pid for pid in processes if is_alive(pid)], "the slots' death")
        await asyncio.gather(busy, return_exceptions=True)


def test_a_second_agent_of_the_same_home_refuses(agent: AgentProcess) -> None:
    said = refuse(agent.home)
    assert said.startswith("another agent runs in")
    assert said.count("\n") == 1
    assert agent.process.poll() is None
    with pytest.raises(AgentAlreadyRunning):
        run_agent(AgentConfig(agent.home), pytest.fail)


def test_settings_that_cannot_be_right(tmp_path: Path) -> None:
    assert refuse(tmp_path, AGORA_MAX_SLOTS="many") == "AGORA_MAX_SLOTS is 'many': set it to a whole number above 0.\n"
    for name, value in (
        ("SLOT_CPUS", "0"),
        ("SLOT_CPUS", "-1"),
        ("SLOT_CPUS", "two"),
        ("CLOSED_NETWORKS", "10.0.0.1/8"),
    ):
        with pytest.raises(InvalidSetting, match=f"AGORA_{name}"):
            AgentConfig.from_environment(tmp_path, {f"AGORA_{name}": value})
    with pytest.raises(InvalidSetting, match="AGORA_WARM_SLOTS names 'cobol60'"):
        run_agent(AgentConfig(tmp_path, warm_slots={"cobol60": 1}), pytest.fail)


def test_it_says_how_it_holds_its_slots_while_it_runs(agent: AgentProcess) -> None:
    report = read_machine_report(agent.home)
    assert report is not None
    assert (report.isolated, report.system_calls_filtered, report.network) == (True, True, "off")
    assert (report.limits == "watched") == (agent.cgroup_places == [])
    assert report.users == ((600_000, 665_535) if os.geteuid() == 0 else None)
    assert next(report.lines()) in agent.log
    agent.stop()
    assert read_machine_report(agent.home) is None


def test_a_machine_that_cannot_isolate_is_refused(tmp_path: Path) -> None:
    nothing = tmp_path / "no-programs"
    nothing.mkdir()
    assert "bubblewrap is missing" in refuse(tmp_path, PATH=str(nothing))


async def test_without_isolation_it_says_so_loudly_and_runs(tmp_path: Path) -> None:
    path = tmp_path / "programs"
    path.mkdir()
    for name in ("setpriv", "node"):
        if found := next((Path(f) / name for f in os.environ["PATH"].split(":") if (Path(f) / name).exists()), None):
            (path / name).symlink_to(found)
    with AgentProcess(WARM_SLOTS="python3=1,javascript=0", ALLOW_UNISOLATED="true", path=str(path)) as agent:
        assert "WITHOUT ISOLATION" in agent.log
        report = read_machine_report(agent.home)
        assert report is not None
        assert (report.isolated, report.system_calls_filtered, report.network) == (False, False, "open")
        assert "NOT ISOLATED" in next(report.lines())
        assert "WITHOUT ISOLATION" in "".join(report.warnings)
        async with connected(agent.socket) as gateway:
            slot = await gateway.lease(python_spec(agent.publish(ECHO_PYTHON)))
            assert await slot.call("unsafe") == "unsafe"
            assert 10 in {os.getpriority(os.PRIO_PROCESS, pid) for pid in agent.processes()}  # what it runs is nice
            processes = agent.processes()
            agent.process.kill()
            agent.process.wait()
            wait_until(lambda: not [pid for pid in processes if is_alive(pid)], "the slots' death")
