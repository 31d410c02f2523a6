"""An agent whose one version runs whatever Python code it is called with: each test is an attacker."""

import json
import textwrap
from collections.abc import AsyncIterator, Iterator

import pytest

from execution.errors import CannotIsolate
from execution.sandbox.checks import check_bubblewrap
from tests.integration.agent.agent_process import AgentProcess, python_spec
from tests.integration.agent.gateway import TestGateway, TestSlot, connected

ATTACKER = """
import json

def apply(source):
    names = {}
    exec(source, names)
    return names.get("result")
"""
SECRET = "a-secret-of-the-platform"


@pytest.fixture(scope="module")
def agent() -> Iterator[AgentProcess]:
    """Has a secret in its environment and in a file of its home, as a platform has."""
    try:
        check_bubblewrap()
    except CannotIsolate as error:
        pytest.skip(f"no algorithm can be isolated here: {error}")
    with AgentProcess(WARM_SLOTS="python3=2,javascript=0", SECRET_KEY=SECRET) as agent:
        (agent.home / "secret_key").write_text(SECRET)
        (agent.home / "secret_key").chmod(0o644)  # only the isolation keeps it
        yield agent


@pytest.fixture
async def gateway(agent: AgentProcess) -> AsyncIterator[TestGateway]:
    """Connected to the agent."""
    async with connected(agent.socket) as gateway:
        yield gateway


class Attacker:
    """A slot that runs what it is told."""

    def __init__(self, slot: TestSlot) -> None:
        self.slot = slot

    async def run(self, source: str, **values: object) -> object:
        """What the code leaves in `result`. Raises RuntimeError with the error, EOFError when the slot died."""
        settings = "".join(f"{name} = json.loads({json.dumps(value)!r})\n" for name, value in values.items())
        return await self.slot.call("import json\n" + settings + textwrap.dedent(source))


@pytest.fixture
async def attacker(agent: AgentProcess, gateway: TestGateway) -> Attacker:
    """In a new slot."""
    return await new_attacker(agent, gateway)


@pytest.fixture
async def victim(agent: AgentProcess, gateway: TestGateway) -> Attacker:
    """Another owner's slot, with a secret in its environment, its memory and its /tmp."""
    victim = await new_attacker(agent, gateway, version_id="victim")
    await victim.run("import os\nos.environ['TOKEN'] = 'of the victim'\nopen('/tmp/token', 'w').write('of the victim')")
    return victim


async def new_attacker(agent: AgentProcess, gateway: TestGateway, version_id: str = "attacker") -> Attacker:
    """In a new slot."""
    digest = agent.publish({"src/echo.py": ATTACKER, "data.txt": "the author's"})
    return Attacker(await gateway.lease(python_spec(digest, version_id)))
