"""What an operator sees of a machine, and orders to it."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from execution.client import ExecutionClient
from execution.protocol.agent_messages import NodeSeen
from tests.integration.agent.agent_process import ECHO_PYTHON, AgentProcess, python_spec

pytestmark = pytest.mark.xdist_group("agent")  # share agents
SECONDS = 20.0


@pytest.fixture(scope="module")
def agent() -> Iterator[AgentProcess]:
    with AgentProcess(WARM_SLOTS="python3=1,javascript=0") as agent:
        yield agent


@pytest.fixture
async def client(agent: AgentProcess) -> AsyncIterator[ExecutionClient]:
    client = ExecutionClient(agent.socket)
    await client.start()
    yield client
    await client.close()


async def call(client: ExecutionClient, agent: AgentProcess, seconds: float = SECONDS) -> str:
    spec = python_spec(agent.publish(ECHO_PYTHON))
    deadline = asyncio.get_running_loop().time() + seconds
    request = b'{"content_type":"json","data":1}\n'
    return (await client.call(spec, caller="alice", request=request, deadline=deadline)).outcome


async def see_node(client: ExecutionClient, what: str, wanted: object) -> NodeSeen:
    """The node when `wanted` says so; fails after SECONDS."""
    assert callable(wanted)
    async with asyncio.timeout(SECONDS):
        while True:
            sight = await client.look()
            if sight.node is not None and wanted(sight.node):
                return sight.node
            await asyncio.sleep(0.05)
    pytest.fail(what)


async def test_slots_of_every_state_are_seen(agent: AgentProcess, client: ExecutionClient) -> None:
    assert await call(client, agent) == "ok"
    states = {"warm", "leased"}
    node = await see_node(client, "both", lambda node: {slot.state for slot in node.slots} == states)
    assert node.memory > node.memory_free > 0
    sight = await client.look()
    (held,) = sight.slots
    assert (held.busy, held.calls) == (False, 1)
    assert held.slot_id in {slot.slot_id for slot in node.slots if slot.state == "leased"}
    assert held.cpu_us > 0
    assert held.memory > 1 << 20
    (queue,) = sight.queues
    assert (queue.waiting, queue.slots, queue.busy) == (0, 1, 0)


async def test_an_idle_slot_is_given_back_at_once_and_a_warm_one_is_ended(
    agent: AgentProcess, client: ExecutionClient
) -> None:
    assert await call(client, agent) == "ok"
    (held,) = (await client.look()).slots
    client.recall(held.slot_id)
    node = await see_node(client, "its end", lambda node: held.slot_id not in {each.slot_id for each in node.slots})
    warm = next(iter(slot.slot_id for slot in node.slots if slot.state == "warm"), None)
    if warm is None:
        node = await see_node(client, "a warm one", lambda node: any(each.state == "warm" for each in node.slots))
        warm = next(slot.slot_id for slot in node.slots if slot.state == "warm")
    client.recall(warm)
    await see_node(client, "its end", lambda node: warm not in {each.slot_id for each in node.slots})


async def test_a_drained_machine_begins_nothing_until_it_is_resumed(
    agent: AgentProcess, client: ExecutionClient
) -> None:
    assert await call(client, agent) == "ok"
    client.set_draining(draining=True)
    await see_node(client, "no lease", lambda node: node.draining and "leased" not in {s.state for s in node.slots})
    waiting = asyncio.create_task(call(client, agent))
    done, _ = await asyncio.wait([waiting], timeout=0.5)
    assert not done
    late = ExecutionClient(agent.socket)  # a gateway that comes later is told too
    await late.start()
    await see_node(late, "the news", lambda node: node.draining)
    also = asyncio.create_task(call(late, agent))
    done, _ = await asyncio.wait([also], timeout=0.5)
    assert not done
    client.set_draining(draining=False)
    assert await waiting == await also == "ok"
    await late.close()


async def test_without_an_agent_there_is_nothing_to_see_and_orders_do_no_harm(tmp_path: object) -> None:
    client = ExecutionClient(tmp_path / "no.sock")  # type: ignore[operator]
    await client.start()
    client.recall(1)
    client.set_draining(draining=True)
    sight = await client.look()
    assert (sight.node, sight.slots, sight.queues) == (None, (), ())
    await client.close()
