"""Calls in leased slots: what is answered, and what becomes of the slot."""

import asyncio
import threading
import time

import pytest

from execution.client import AlgorithmFailure, ExecutionClient, Usage
from execution.errors import Unavailable
from execution.leasing.lessee import Lessee
from execution.leasing.pool import VersionPool
from execution.leasing.slot import LeasedSlot
from execution.protocol.agent_messages import Discard, Exited, Lease, Release

from .conftest import call, count_descriptors, eventually
from .scripted_agent import Die, ScriptedAgent, echo


async def test_the_first_call_waits_for_the_loading_and_the_next_ones_do_not(
    agent: ScriptedAgent, client: ExecutionClient
) -> None:
    agent.load_seconds = 0.05
    first = await call(client, '{"a":"\\u00e9"}')
    second = await call(client, "[2]")
    assert (first.outcome, first.content_type) == ("ok", "json")
    assert first.result is not None
    assert bytes(first.result) == b'{"a":"\\u00e9"}'
    assert first.usage.cold
    assert first.usage.load_us >= 45_000
    assert second.result is not None
    assert bytes(second.result) == b"[2]"
    assert (second.usage.cold, second.usage.load_us) == (False, 0)
    assert agent.count(Lease) == 1


async def test_usage_is_of_the_call_alone(agent: ScriptedAgent, client: ExecutionClient) -> None:
    await call(client)
    cpu, memory = agent.folder / "1.cpu", agent.folder / "1.memory"
    cpu.write_text("9000000\n")  # between two calls: nobody's

    def compute(line: bytes) -> bytes:
        cpu.write_text("11042000\n")
        memory.write_text("7000000\n")
        time.sleep(0.03)
        return echo(line)

    agent.run = compute
    usage = (await call(client)).usage
    assert (usage.cpu_us, usage.peak_memory_bytes) == (2_042, 7_000_000)
    assert usage.run_us >= 30_000
    assert memory.read_text()[0] == "0", "the next call's peak is its own"


async def test_an_error_of_the_algorithm_leaves_the_slot_in_use(agent: ScriptedAgent, client: ExecutionClient) -> None:
    agent.run = lambda line: b'{"error":{"message":"no","error_type":"ValueError"}}\n'
    for _ in range(2):
        answer = await call(client)
        assert (answer.outcome, answer.error) == ("algorithm_error", AlgorithmFailure("no", "ValueError"))
    assert (agent.count(Lease), agent.count(Discard)) == (1, 0)


async def test_past_its_deadline_a_call_is_answered_and_its_slot_ended(
    agent: ScriptedAgent, client: ExecutionClient
) -> None:
    await call(client)
    over = threading.Event()
    agent.run = lambda line: (over.wait(20), echo(line))[1]
    answer = await call(client, seconds=0.1)
    assert answer.outcome == "timeout"
    assert answer.error == AlgorithmFailure("algorithm did not complete within 0.1 seconds", "TimeoutError")
    await eventually(lambda: Discard(1, "timeout") in agent.messages)
    over.set()
    agent.run = echo
    assert (await call(client)).outcome == "ok"
    assert agent.count(Lease) == 2


BROKEN = {
    "no JSON": b"hello\n",
    "two lines": b'{"result":1,"metadata":{"content_type":"json"}}\n{"result":2}\n',
    "neither result nor error": b"{}\n",
}


@pytest.mark.parametrize("name", sorted(BROKEN))
async def test_a_broken_response_ends_the_slot(agent: ScriptedAgent, client: ExecutionClient, name: str) -> None:
    agent.run = lambda line: BROKEN[name]
    answer = await call(client)
    assert answer.outcome == "crashed"
    assert answer.error is not None
    assert answer.error.error_type == "SystemError"
    await eventually(lambda: Discard(1, "protocol") in agent.messages)


async def test_a_result_that_is_too_large_is_the_algorithms_fault(
    agent: ScriptedAgent, client: ExecutionClient
) -> None:
    agent.run = lambda line: b'{"result":"' + b"x" * (15 << 20) + b'","metadata":{"content_type":"text"}}\n'
    answer = await call(client)
    assert answer.outcome == "algorithm_error"
    assert answer.error == AlgorithmFailure("the result is larger than 15 MiB", "TooLargeError")


async def test_ten_mebibytes_there_and_back(agent: ScriptedAgent, client: ExecutionClient) -> None:
    data = '"' + "x" * (10 << 20) + '"'
    answer = await call(client, data)
    assert answer.result is not None
    assert bytes(answer.result) == data.encode()


@pytest.mark.parametrize(
    ("exited", "error_type", "words"),
    [
        (Exited(0, exit_code=3, log_tail="bye"), "SystemExit", "exit code 3"),
        (Exited(0, signal=9, out_of_memory=True), "OutOfMemoryError", "more memory than its limit of 256 MiB"),
    ],
)
async def test_the_author_is_told_why_a_slot_died(
    agent: ScriptedAgent, client: ExecutionClient, exited: Exited, error_type: str, words: str
) -> None:
    def die(line: bytes) -> bytes:
        raise Die(exited)

    agent.run = die
    answer = await call(client)
    assert answer.outcome == "crashed"
    assert answer.error is not None
    assert answer.error.error_type == error_type
    assert words in answer.error.message
    assert answer.error.stacktrace == (exited.log_tail or None)
    agent.run = echo
    assert (await call(client)).outcome == "ok"


async def test_a_runner_that_hangs_up_and_lives_on_is_ended(agent: ScriptedAgent, client: ExecutionClient) -> None:
    def hang_up(line: bytes) -> bytes:
        raise Die

    agent.run = hang_up
    answer = await call(client)
    assert answer.outcome == "crashed"
    await eventually(lambda: Discard(1, "protocol") in agent.messages)


async def test_a_dead_process_whose_child_holds_the_channel_is_not_waited_for(
    agent: ScriptedAgent, client: ExecutionClient
) -> None:
    over = threading.Event()
    agent.run = lambda line: (over.wait(20), echo(line))[1]
    calling = asyncio.create_task(call(client))
    await eventually(lambda: bool(agent.slots))
    await asyncio.sleep(0.05)
    agent.send(Exited(1, exit_code=0))
    answer = await calling
    over.set()
    assert answer.outcome == "crashed"
    assert answer.error is not None
    assert "exit code 0" in answer.error.message


async def test_an_idle_slot_that_dies_is_replaced(agent: ScriptedAgent, client: ExecutionClient) -> None:
    await call(client)
    agent.send(Exited(1, signal=9))
    agent._end(agent.slots[1])
    await asyncio.sleep(0.05)
    assert (await call(client)).outcome == "ok"
    assert agent.count(Lease) >= 2
    assert agent.count(Discard) == 0


async def test_a_slot_that_dies_on_its_way_to_a_call_is_replaced(
    agent: ScriptedAgent, client: ExecutionClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_for_slot = Lessee.wait_for_slot
    deaths = iter([True, True, False])

    async def wait(lessee: Lessee, pool: VersionPool, caller: str, deadline: float, *, nested: bool) -> LeasedSlot:
        slot = await wait_for_slot(lessee, pool, caller, deadline, nested=nested)
        if next(deaths):
            slot.close()
        return slot

    monkeypatch.setattr(Lessee, "wait_for_slot", wait)
    assert (await call(client)).outcome == "ok"
    assert agent.count(Lease) == 3


async def test_a_caller_who_hangs_up_ends_the_slot(agent: ScriptedAgent, client: ExecutionClient) -> None:
    await call(client)
    over, began = threading.Event(), threading.Event()
    agent.run = lambda line: (began.set(), over.wait(20), echo(line))[2]
    usage = Usage()
    calling = asyncio.create_task(call(client, usage=usage))
    await eventually(began.is_set)
    await asyncio.sleep(0.05)
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    await eventually(lambda: Discard(1, "cancelled") in agent.messages)
    over.set()
    assert usage.run_us >= 50_000


async def test_a_caller_who_hangs_up_in_the_queue_ran_for_no_time(
    agent: ScriptedAgent, client: ExecutionClient
) -> None:
    agent.max_slots = 0
    usage = Usage()
    calling = asyncio.create_task(call(client, usage=usage))
    await asyncio.sleep(0.1)
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    assert usage.run_us == 0
    assert usage.queue_us >= 90_000


async def test_a_caller_who_hangs_up_in_the_queue_leaves_the_slot_to_others(
    agent: ScriptedAgent, client: ExecutionClient
) -> None:
    agent.load_seconds = 0.05
    callers = [asyncio.create_task(call(client, str(number))) for number in range(10)]
    await asyncio.sleep(0.02)
    for caller in callers[::2]:
        caller.cancel()
    answers = await asyncio.gather(*callers, return_exceptions=True)
    assert [isinstance(answer, asyncio.CancelledError) for answer in answers] == [True, False] * 5
    assert agent.count(Discard) == 0


async def test_idle_slots_are_given_back(agent: ScriptedAgent) -> None:
    client = ExecutionClient(agent.path, idle_seconds=0.05)
    await client.start()
    await call(client)
    await eventually(lambda: agent.messages[-1] == Release(1))
    assert (await call(client)).outcome == "ok"
    assert agent.count(Lease) == 2
    await client.close()


async def test_closing_answers_those_who_run_and_those_who_wait(agent: ScriptedAgent) -> None:
    client = ExecutionClient(agent.path)
    await client.start()
    agent.max_slots = 1
    over = threading.Event()
    agent.run = lambda line: (over.wait(20), echo(line))[1]
    running = asyncio.create_task(call(client))
    await eventually(lambda: bool(agent.slots))
    await asyncio.sleep(0.05)
    waiting = asyncio.create_task(call(client))
    await asyncio.sleep(0)
    began = time.monotonic()
    await client.close()
    assert (await running).outcome == "unavailable"
    with pytest.raises(Unavailable):
        await waiting
    with pytest.raises(Unavailable):
        await call(client)
    assert time.monotonic() - began < 5
    over.set()


async def test_nothing_stays_open(agent: ScriptedAgent) -> None:
    before = count_descriptors()
    client = ExecutionClient(agent.path)
    await client.start()
    agent.load_seconds = 0.01
    await asyncio.gather(*(call(client, caller=str(number)) for number in range(50)))
    await client.close()
    await agent.stop()
    await eventually(lambda: count_descriptors() <= before)
