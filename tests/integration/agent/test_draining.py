"""An agent that is asked to stop while calls run."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Iterator

import pytest

from execution.client import ExecutionClient
from execution.leasing.agent_link import connect
from execution.protocol.agent_messages import Drain
from tests.integration.agent.agent_process import ECHO_PYTHON, AgentProcess, python_spec, wait_until
from tests.integration.agent.gateway import connected

pytestmark = pytest.mark.xdist_group("agent")  # share agents

SLEEP = {"src/echo.py": "import time\ndef apply(input):\n    time.sleep(input)\n    return input\n"}


@pytest.fixture
def agent() -> Iterator[AgentProcess]:
    with AgentProcess(WARM_SLOTS="python3=1,javascript=0") as agent:
        yield agent


@pytest.fixture
async def client(agent: AgentProcess) -> AsyncIterator[ExecutionClient]:
    client = ExecutionClient(agent.socket)
    await client.start()
    yield client
    await client.close()


async def test_a_call_in_progress_is_answered_and_the_next_waits_for_the_next_agent(
    agent: AgentProcess, client: ExecutionClient
) -> None:
    spec = python_spec(agent.publish(SLEEP))
    deadline = asyncio.get_running_loop().time() + 30

    async def call(data: bytes) -> str:
        request = b'{"content_type":"json","data":%b}\n' % data
        return (await client.call(spec, caller="alice", request=request, deadline=deadline)).outcome

    assert await call(b"0") == "ok"
    running = asyncio.create_task(call(b"1.5"))
    await asyncio.sleep(0.3)
    agent.process.send_signal(signal.SIGTERM)
    await asyncio.to_thread(wait_until, lambda: not agent.socket.exists(), "the end of the listening")
    late = asyncio.create_task(call(b"0"))
    assert await running == "ok"
    assert await asyncio.to_thread(agent.process.wait, 10) == 0
    assert not late.done()
    await asyncio.to_thread(agent.start)
    assert await late == "ok"


async def test_gateways_are_told_and_cannot_connect_any_more(agent: AgentProcess) -> None:
    async with connected(agent.socket) as gateway:
        slot = await gateway.lease(python_spec(agent.publish(ECHO_PYTHON)))
        agent.process.send_signal(signal.SIGTERM)
        await gateway.hear(Drain)
        with pytest.raises(OSError, match=r"No such file|refused"):
            connect(agent.socket)
        assert await slot.call("still") == "still"
        gateway.release(slot)
        await asyncio.wait_for(gateway.lost.wait(), 10)
    assert await asyncio.to_thread(agent.process.wait, 10) == 0


async def test_it_does_not_wait_for_ever() -> None:
    with AgentProcess(WARM_SLOTS="python3=1,javascript=0", DRAIN_SECONDS="1") as agent:
        async with connected(agent.socket) as gateway:
            await gateway.lease(python_spec(agent.publish(ECHO_PYTHON)))
            began = time.monotonic()
            agent.process.send_signal(signal.SIGTERM)
            await asyncio.wait_for(gateway.lost.wait(), 10)
            assert time.monotonic() - began > 0.9
        assert await asyncio.to_thread(agent.process.wait, 10) == 0
