"""An agent that is asked to stop: what runs ends, what waits does so for the next one, and no call is lost."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from execution.client import ExecutionClient
from execution.protocol.agent_messages import Drain, Lease, Release

from .conftest import call, eventually
from .scripted_agent import ScriptedAgent, echo
from .test_trees import CALLS_OTHERS, Trees


@pytest.fixture
def over(agent: ScriptedAgent) -> Iterator[threading.Event]:
    """Calls run until it is set."""
    over = threading.Event()
    agent.run = lambda line: (over.wait(20), echo(line))[1]
    yield over
    over.set()


async def test_idle_slots_are_given_back_at_once(agent: ScriptedAgent, client: ExecutionClient) -> None:
    await call(client)
    agent.send(Drain())
    await eventually(lambda: agent.count(Release) == 1)


async def test_a_call_that_runs_ends_and_its_slot_is_given_back(
    agent: ScriptedAgent, client: ExecutionClient, over: threading.Event
) -> None:
    running = asyncio.create_task(call(client))
    await eventually(lambda: bool(agent.slots))
    await asyncio.sleep(0.05)
    agent.send(Drain())
    await asyncio.sleep(0.05)
    assert agent.count(Release) == 0
    over.set()
    assert (await running).outcome == "ok"
    await eventually(lambda: agent.count(Release) == 1)
    await eventually(lambda: not agent.slots)


async def test_calls_that_come_meanwhile_wait_for_the_next_agent(
    agent: ScriptedAgent, client: ExecutionClient, over: threading.Event, caplog: pytest.LogCaptureFixture
) -> None:
    running = asyncio.create_task(call(client))
    await eventually(lambda: bool(agent.slots))
    await asyncio.sleep(0.05)
    waiting = [asyncio.create_task(call(client, str(number))) for number in range(3)]
    agent.send(Drain())
    await asyncio.sleep(0.05)
    leases = agent.count(Lease)
    waiting += [asyncio.create_task(call(client, str(number), caller="ben")) for number in range(3)]
    await asyncio.sleep(0.3)
    assert agent.count(Lease) == leases, "nobody asks an agent that drains"
    over.set()
    assert (await running).outcome == "ok"
    await eventually(lambda: not agent.slots)
    assert not any(task.done() for task in waiting)
    await agent.stop()
    await agent.start()
    assert {answer.outcome for answer in await asyncio.gather(*waiting)} == {"ok"}
    assert not [record for record in caplog.records if record.levelname == "WARNING"]


async def test_a_call_that_runs_still_gets_the_calls_that_it_makes(
    agent: ScriptedAgent, client: ExecutionClient
) -> None:
    trees = Trees(client)
    go_on = threading.Event()
    began = threading.Event()

    def run(line: bytes) -> bytes:
        began.set()
        go_on.wait(20)
        return trees.run(line)

    agent.run = run
    tree = asyncio.create_task(trees.call(4))
    await eventually(began.is_set)
    stranger = asyncio.create_task(call(client, '{"id": "stranger", "depth": 0}', spec=CALLS_OTHERS))
    agent.send(Drain())
    await asyncio.sleep(0.05)
    go_on.set()
    assert (await tree).outcome == "ok"
    await eventually(lambda: not agent.slots)
    assert not stranger.done()
    await agent.stop()
    await agent.start()
    assert (await stranger).outcome == "ok"
