"""What becomes of leases when the machine has no room."""

import asyncio
from collections.abc import Iterator

import pytest

from execution.client import ExecutionClient
from execution.protocol.agent_messages import LeaseFailed, Recall
from tests.integration.agent.agent_process import (
    ECHO_JAVASCRIPT,
    ECHO_PYTHON,
    AgentProcess,
    javascript_spec,
    python_spec,
)
from tests.integration.agent.gateway import TestGateway, connected

pytestmark = pytest.mark.xdist_group("agent")  # share agents


@pytest.fixture(scope="module")
def agent() -> Iterator[AgentProcess]:
    """Has room for two slots."""
    with AgentProcess(MAX_SLOTS="2", WARM_SLOTS="python3=2,javascript=1") as agent:
        yield agent


async def test_an_idle_slot_is_called_in(agent: AgentProcess, gateway: TestGateway) -> None:
    spec = python_spec(agent.publish(ECHO_PYTHON))
    first, second = await gateway.lease(spec), await gateway.lease(spec)
    async with connected(agent.socket) as other:
        failed = await other.fail_lease(spec)
        assert failed.failure is None
        recall = await gateway.hear(Recall)
        assert recall.slot_id in {first.slot_id, second.slot_id}
        gateway.release(first)
        await gateway.hear_exit(first)
        assert await (await other.lease(spec)).call("room") == "room"
    assert await second.call("undisturbed") == "undisturbed"


async def test_a_lease_that_waits_gets_what_is_given_back(agent: AgentProcess, gateway: TestGateway) -> None:
    spec = python_spec(agent.publish(ECHO_PYTHON))
    first, _ = await gateway.lease(spec), await gateway.lease(spec)
    waiting = asyncio.create_task(gateway.lease(spec))
    recall = await gateway.hear(Recall)
    assert recall
    gateway.release(first)
    assert await (await waiting).call("in time") == "in time"


async def test_warm_slots_of_other_environments_go_first(agent: AgentProcess, gateway: TestGateway) -> None:
    agent.wait_for_slots(2)
    spec = javascript_spec(agent.publish(ECHO_JAVASCRIPT))
    leased = [await gateway.lease(spec) for _ in range(2)]
    assert [await slot.call(1) for slot in leased] == [1, 1]
    assert len(agent.slot_folders) == 2


async def test_leases_leave_room_for_a_warm_slot() -> None:
    """Nobody waits, and yet an idle slot is called in: the next version finds one that has booted."""
    with AgentProcess(MAX_SLOTS="8", WARM_SLOTS="python3=1,javascript=0") as agent:
        spec = python_spec(agent.publish(ECHO_PYTHON))
        async with connected(agent.socket) as gateway:
            leased = {slot.slot_id: slot for slot in [await gateway.lease(spec) for _ in range(8)]}
            recall = await gateway.hear(Recall)
            gateway.release(leased[recall.slot_id])
            agent.wait_for_slots(8)
            assert await (await gateway.lease(spec)).call("warm") == "warm"


async def test_two_clients_share_what_there_is(agent: AgentProcess) -> None:
    """Each wants all; idle slots of one serve the other."""
    clients = [ExecutionClient(agent.socket, idle_seconds=60) for _ in range(2)]
    specs = [python_spec(agent.publish(ECHO_PYTHON), version_id=f"v{number}") for number in range(4)]
    deadline = asyncio.get_running_loop().time() + 20
    request = b'{"content_type":"json","data":1}\n'
    for client in clients:
        await client.start()
    try:
        for number in range(8):
            answer = await clients[number % 2].call(
                specs[number % 4], caller="alice", request=request, deadline=deadline
            )
            assert answer.outcome == "ok"
    finally:
        for client in clients:
            await client.close()


async def test_the_limit_holds_in_a_burst(agent: AgentProcess, gateway: TestGateway) -> None:
    spec = python_spec(agent.publish(ECHO_PYTHON))
    answers = await asyncio.gather(*(gateway.ask(spec) for _ in range(6)))
    assert sum(isinstance(answer, LeaseFailed) for answer in answers) == 4
    assert len(agent.slot_folders) == 2
