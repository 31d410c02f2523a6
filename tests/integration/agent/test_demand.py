"""Slots are kept warm for the environments that are in use."""

import pytest

from tests.integration.agent.agent_process import AgentProcess, python_spec, wait_until
from tests.integration.agent.gateway import connected

pytestmark = pytest.mark.xdist_group("agent")  # share agents


async def test_an_environment_without_warm_slots_has_one_once_it_is_used() -> None:
    with AgentProcess(WARM_SLOTS="python3=0,javascript=0") as agent:
        digest = agent.publish({"src/echo.pl": "sub apply { return $_[0] }\n1;\n"})
        spec = python_spec(digest, environment="perl", entry="src/echo.pl")
        async with connected(agent.socket) as gateway:
            slot = await gateway.lease(spec)
            assert await slot.call("é") == "é"
            agent.wait_for_slots(2)
            gateway.release(slot)
            wait_until(lambda: str(slot.slot_id) not in agent.slot_folders)
            assert len(agent.slot_folders) == 1, "kept for the next"


async def test_one_of_which_the_operator_wants_none_has_none() -> None:
    with AgentProcess(WARM_SLOTS="python3=0,javascript=0") as agent:
        digest = agent.publish({"src/echo.py": "def apply(input):\n    return input\n"})
        async with connected(agent.socket) as gateway:
            slot = await gateway.lease(python_spec(digest))
            assert await slot.call(1) == 1
            gateway.release(slot)
            agent.wait_for_slots(0)
