"""One agent for each file of tests, and a gateway for each test."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.integration.agent.agent_process import AgentProcess
from tests.integration.agent.gateway import TestGateway, connected


@pytest.fixture(scope="module")
def agent() -> Iterator[AgentProcess]:
    """Keeps two Python slots and one JavaScript slot warm."""
    with AgentProcess(WARM_SLOTS="python3=2,javascript=1", LOAD_TIMEOUT="2") as agent:
        yield agent


@pytest.fixture
async def gateway(agent: AgentProcess) -> AsyncIterator[TestGateway]:
    """Connected to the agent."""
    async with connected(agent.socket) as gateway:
        yield gateway
