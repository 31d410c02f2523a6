"""How many slots a version gets, and what happens when there are none to be had."""

import asyncio
import threading
import time

import msgspec
import pytest

from execution.client import AlgorithmFailure, ExecutionClient
from execution.errors import QueueFull, Unavailable
from execution.leasing import pool
from execution.protocol.agent_messages import Discard, Lease, Recall, Release

from .conftest import SPEC, call, eventually
from .scripted_agent import ScriptedAgent, echo

OTHER = msgspec.structs.replace(SPEC, version_id="version-2", name="other")


async def test_a_burst_for_a_version_without_a_slot_is_served(agent: ScriptedAgent, client: ExecutionClient) -> None:
    agent.load_seconds = 0.05
    answers = await asyncio.gather(*(call(client, str(number), caller=str(number % 7)) for number in range(1_000)))
    assert [answer.outcome for answer in answers] == ["ok"] * 1_000
    assert [int(bytes(answer.result or b"")) for answer in answers] == list(range(1_000))
    assert agent.count(Lease) <= pool.MAX_SLOTS


async def test_calls_that_only_wait_get_slots_enough_to_wait_together(
    agent: ScriptedAgent, client: ExecutionClient
) -> None:
    agent.run = lambda line: (time.sleep(0.5), echo(line))[1]
    answers = await asyncio.gather(*(call(client) for _ in range(32)))
    assert {answer.outcome for answer in answers} == {"ok"}
    assert agent.most_slots >= 12, "one after the other would be 16 seconds"


async def test_short_calls_one_after_the_other_need_one_slot(agent: ScriptedAgent, client: ExecutionClient) -> None:
    for _ in range(200):
        await call(client)
    assert agent.count(Lease) == 1


async def test_a_call_that_runs_for_long_does_not_hold_up_a_short_one(
    agent: ScriptedAgent, client: ExecutionClient
) -> None:
    over, began = threading.Event(), threading.Event()
    agent.run = lambda line: (began.set() or over.wait(20), echo(line))[1] if b'"long"' in line else echo(line)
    for _ in range(20):
        await call(client)
    long = asyncio.create_task(call(client, '"long"'))
    await eventually(began.is_set)
    assert (await call(client, "2", seconds=5)).outcome == "ok"
    over.set()
    assert (await long).outcome == "ok"


async def test_a_version_that_does_not_load_answers_all_who_wait(agent: ScriptedAgent, client: ExecutionClient) -> None:
    agent.failure = AlgorithmFailure("no module named x", "ModuleNotFoundError", "line 1")
    agent.load_seconds = 0.05
    early = [asyncio.create_task(call(client)) for _ in range(20)]
    await asyncio.sleep(0.03)
    late = asyncio.create_task(call(client))
    for answer in await asyncio.gather(*early, late):
        assert (answer.outcome, answer.error) == ("algorithm_error", agent.failure)
        assert answer.usage.cold
        assert answer.usage.queue_us >= 0
    await call(client)
    assert agent.count(Lease) == 1, "one who asks again at once makes no more work"


async def test_a_version_that_loads_after_all_is_tried_again(
    agent: ScriptedAgent, client: ExecutionClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("execution.leasing.lessee.BROKEN_SECONDS", 0.05)
    agent.failure = AlgorithmFailure("not today")
    assert (await call(client)).outcome == "algorithm_error"
    agent.failure = None
    await asyncio.sleep(0.06)
    assert (await call(client)).outcome == "ok"


async def test_a_further_slot_that_does_not_load_fails_no_call(agent: ScriptedAgent, client: ExecutionClient) -> None:
    await call(client)
    agent.failure = AlgorithmFailure("out of memory")
    agent.run = lambda line: (time.sleep(0.05), echo(line))[1]
    answers = await asyncio.gather(*(call(client) for _ in range(8)))
    assert {answer.outcome for answer in answers} == {"ok"}
    assert agent.count(Lease) >= 2


async def test_a_full_machine_is_asked_again_but_not_all_the_time(
    agent: ScriptedAgent, client: ExecutionClient
) -> None:
    agent.max_slots = 0
    calling = asyncio.create_task(call(client))
    await asyncio.sleep(1.0)
    assert 2 <= agent.count(Lease) <= 6
    agent.max_slots = 1
    assert (await calling).outcome == "ok"


async def test_no_slot_in_time(agent: ScriptedAgent, client: ExecutionClient) -> None:
    agent.max_slots = 0
    with pytest.raises(Unavailable):
        await call(client, seconds=0.2)
    agent.max_slots = 1
    over = threading.Event()
    agent.run = lambda line: (over.wait(20), echo(line))[1]
    busy = asyncio.create_task(call(client))
    await eventually(lambda: bool(agent.slots))
    await asyncio.sleep(0.05)
    with pytest.raises(QueueFull):
        await call(client, seconds=0.2)
    over.set()
    assert (await busy).outcome == "ok"


async def test_too_many_who_wait(
    agent: ScriptedAgent, client: ExecutionClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "MAX_WAITING", 5)
    agent.load_seconds = 0.1
    results = await asyncio.gather(*(call(client) for _ in range(8)), return_exceptions=True)
    refused = [result for result in results if isinstance(result, QueueFull)]
    assert len(refused) == 3
    assert all(error.retry_after >= 1 for error in refused)


async def test_a_full_machine_gets_an_idle_slot_back_for_another_version(
    agent: ScriptedAgent, client: ExecutionClient
) -> None:
    agent.max_slots = 1
    await call(client)
    assert (await call(client, spec=OTHER)).outcome == "ok"
    assert Release(1) in agent.messages


async def test_a_busy_version_gives_up_a_slot_for_one_that_has_none(
    agent: ScriptedAgent, client: ExecutionClient
) -> None:
    agent.max_slots = 4
    agent.run = lambda line: (time.sleep(0.02), echo(line))[1]
    stop = asyncio.Event()

    async def keep_calling() -> None:
        while not stop.is_set():
            await call(client)

    busy = [asyncio.create_task(keep_calling()) for _ in range(12)]
    await eventually(lambda: len(agent.slots) == 4)
    for _ in range(3):
        assert (await call(client, spec=OTHER)).outcome == "ok"
    stop.set()
    await asyncio.gather(*busy)
    assert agent.count(Release) >= 1


async def test_recall_of_the_slot_that_is_least_worth_keeping(agent: ScriptedAgent, client: ExecutionClient) -> None:
    """The one that took long to load stays, though the other one is used more, and was used last."""
    agent.load_seconds = 0.5
    await call(client)
    agent.load_seconds = 0.0
    for _ in range(3):
        await call(client, spec=OTHER)
    agent.send(Recall(1))
    await eventually(lambda: agent.count(Release) == 1)
    assert Release(2) in agent.messages


async def test_a_lease_without_descriptors_is_no_slot(agent: ScriptedAgent, client: ExecutionClient) -> None:
    agent.with_descriptors = False
    calling = asyncio.create_task(call(client))
    await eventually(lambda: agent.count(Lease) == 1)
    await asyncio.sleep(0.05)
    agent.with_descriptors = True
    assert (await calling).outcome == "ok"
    assert Discard(1, "protocol") in agent.messages
