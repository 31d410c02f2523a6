"""What becomes of calls when the agent goes away, and comes back."""

import asyncio
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from execution.client import ExecutionClient
from execution.errors import Unavailable
from execution.protocol.agent_messages import Discard

from .conftest import call, eventually
from .scripted_agent import Die, ScriptedAgent, echo


async def test_calls_wait_for_an_agent_that_starts_later(folder: Path) -> None:
    agent = ScriptedAgent(folder / "agent.sock", folder)
    client = ExecutionClient(agent.path)
    await client.start()
    calling = [asyncio.create_task(call(client, str(number))) for number in range(20)]
    await asyncio.sleep(0.1)
    await agent.start()
    assert {answer.outcome for answer in await asyncio.gather(*calling)} == {"ok"}
    await client.close()
    await agent.stop()


async def test_no_agent_in_time(folder: Path) -> None:
    client = ExecutionClient(folder / "agent.sock")
    await client.start()
    began = time.monotonic()
    with pytest.raises(Unavailable):
        await call(client, seconds=0.2)
    assert time.monotonic() - began >= 0.19
    await client.close()


async def test_a_call_that_ran_is_unavailable_and_one_that_waits_goes_on(
    agent: ScriptedAgent, client: ExecutionClient, caplog: pytest.LogCaptureFixture
) -> None:
    over, began = threading.Event(), threading.Event()
    agent.run = lambda line: (began.set(), over.wait(20), echo(line))[2]
    agent.max_slots = 1
    running = asyncio.create_task(call(client))
    await eventually(began.is_set)
    waiting = asyncio.create_task(call(client, "2"))
    await asyncio.sleep(0)
    await agent.stop()
    answer = await running
    assert answer.outcome == "unavailable"
    assert answer.error is not None
    assert answer.error.message == "the machine that ran the call went away"
    assert "is gone" in caplog.text
    over.set()
    agent.run = echo
    await agent.start()
    assert (await waiting).outcome == "ok"


async def test_a_new_agents_slot_is_not_ended_in_the_old_ones_name(
    agent: ScriptedAgent, client: ExecutionClient
) -> None:
    """Agents number their slots from 1, so a slot of the old one has the name of a slot of the new one."""

    began = threading.Event()

    def hang_up(line: bytes) -> bytes:
        began.set()
        raise Die

    agent.run = hang_up
    calling = asyncio.create_task(call(client))
    await eventually(began.is_set)
    await asyncio.sleep(0.05)
    await agent.stop()
    agent.run = echo
    await agent.start()
    assert (await calling).outcome in ("crashed", "unavailable")
    agent.messages.clear()
    assert (await call(client)).outcome == "ok"
    assert list(agent.slots) == [1]
    await asyncio.sleep(0.7)
    assert agent.count(Discard) == 0


async def test_under_load_every_call_has_one_end(agent: ScriptedAgent, client: ExecutionClient) -> None:
    """The agent dies three times; each call is answered, or refused as one to try again."""
    ends: Counter[str] = Counter()
    stop = asyncio.Event()

    async def keep_calling(name: str) -> None:
        while not stop.is_set():
            try:
                answer = await call(client, caller=name)
                ends[answer.outcome] += 1
            except Unavailable:
                ends["refused"] += 1

    callers = [asyncio.create_task(keep_calling(str(number))) for number in range(16)]
    for _ in range(3):
        before = ends["ok"]
        await eventually(lambda before=before: ends["ok"] > before + 200)  # type: ignore[misc]
        await agent.stop()
        await asyncio.sleep(0.05)
        await agent.start()
    before = ends["ok"]
    await eventually(lambda: ends["ok"] > before + 200)
    stop.set()
    await asyncio.gather(*callers)
    assert set(ends) <= {"ok", "unavailable", "refused"}
