"""What a gateway hears when a leased slot ends by itself."""

import asyncio

import pytest

from execution.client import ExecutionClient
from tests.integration.agent.agent_process import ECHO_PYTHON, AgentProcess, python_spec, wait_until
from tests.integration.agent.gateway import TestGateway, TestSlot

pytestmark = pytest.mark.xdist_group("agent")  # share agents

CRASHES = """
import os, signal, threading, time

def apply(kind):
    print("last words", flush=True)
    if kind == "exit":
        os._exit(7)
    if kind == "signal":
        os.kill(os.getpid(), signal.SIGSEGV)
    if kind == "memory":
        return len(bytearray(1 << 30))
    if kind == "idle":
        threading.Timer(0.2, os._exit, [5]).start()
    if kind == "children":
        if not os.fork():
            time.sleep(600)
        os._exit(0)
"""


@pytest.fixture(scope="module")
def digest(agent: AgentProcess) -> str:
    """A version that ends in many ways."""
    return agent.publish({"src/echo.py": CRASHES})


async def crash(gateway: TestGateway, digest: str, kind: str) -> TestSlot:
    slot = await gateway.lease(python_spec(digest))
    with pytest.raises((EOFError, ConnectionResetError)):
        await slot.call(kind)
    return slot


async def test_an_exit_code(agent: AgentProcess, gateway: TestGateway, digest: str) -> None:
    exited = await gateway.hear_exit(await crash(gateway, digest, "exit"))
    assert (exited.exit_code, exited.signal, exited.out_of_memory) == (7, None, False)
    assert exited.log_tail == "last words\n"


async def test_a_signal(agent: AgentProcess, gateway: TestGateway, digest: str) -> None:
    exited = await gateway.hear_exit(await crash(gateway, digest, "signal"))
    assert (exited.exit_code, exited.signal, exited.out_of_memory) == (None, 11, False)


async def test_too_much_memory(agent: AgentProcess, gateway: TestGateway, digest: str) -> None:
    exited = await gateway.hear_exit(await crash(gateway, digest, "memory"))
    assert (exited.signal, exited.out_of_memory) == (9, True)
    assert exited.log_tail == "last words\n"


async def test_an_idle_slot_that_dies(agent: AgentProcess, gateway: TestGateway, digest: str) -> None:
    slot = await gateway.lease(python_spec(digest))
    await slot.call("idle")
    assert (await gateway.hear_exit(slot)).exit_code == 5


async def test_what_the_runner_leaves_behind_dies_with_it(
    agent: AgentProcess, gateway: TestGateway, digest: str
) -> None:
    slot = await crash(gateway, digest, "children")
    assert (await gateway.hear_exit(slot)).exit_code == 0
    wait_until(lambda: str(slot.slot_id) not in agent.slot_folders)
    agent.wait_for_slots(3)


async def test_the_client_tells_the_author_why(agent: AgentProcess, digest: str) -> None:
    client = ExecutionClient(agent.socket)
    await client.start()
    try:
        deadline = asyncio.get_running_loop().time() + 20
        request = b'{"content_type":"text","data":"memory"}\n'
        answer = await client.call(python_spec(digest), caller="alice", request=request, deadline=deadline)
    finally:
        await client.close()
    assert answer.error is not None
    assert (answer.outcome, answer.error.error_type) == ("crashed", "OutOfMemoryError")
    assert answer.error.stacktrace == "last words\n"


async def test_others_live_on(agent: AgentProcess, gateway: TestGateway, digest: str) -> None:
    neighbour = await gateway.lease(python_spec(agent.publish(ECHO_PYTHON)))
    await gateway.hear_exit(await crash(gateway, digest, "memory"))
    assert await neighbour.call("still here") == "still here"
