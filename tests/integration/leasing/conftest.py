"""A client of the kernel, and the agent that a test scripts."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import uvloop

from execution.client import Answer, ExecutionClient, Usage, VersionSpec

from .scripted_agent import ScriptedAgent

PATIENCE = 20.0
SPEC = VersionSpec(
    version_id="version-1",
    name="echo",
    artifact="0" * 64,
    environment="python3",
    entry="src/echo.py",
    timeout_seconds=10,
    memory_bytes=256 << 20,
    network=False,
    calls_others=False,
)


async def call(
    client: ExecutionClient,
    data: str = "1",
    *,
    caller: str = "ann",
    seconds: float = PATIENCE,
    spec: VersionSpec = SPEC,
    call_id: str = "",
    parent_id: str | None = None,
    usage: Usage | None = None,
) -> Answer:
    """Calls with that JSON as the input."""
    request = b'{"content_type":"json","data":%b}\n' % data.encode()
    deadline = asyncio.get_running_loop().time() + seconds
    return await client.call(
        spec, caller=caller, request=request, deadline=deadline, call_id=call_id, parent_id=parent_id, usage=usage
    )


async def eventually(condition: Callable[[], bool]) -> None:
    """Returns when it is so."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - nobody sets an event
            await asyncio.sleep(0.005)


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The loop that the web process runs in."""
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture
def folder() -> Iterator[Path]:
    """Short enough for the name of a socket."""
    with tempfile.TemporaryDirectory(prefix="agora-") as name:
        yield Path(name)


@pytest.fixture
async def agent(folder: Path) -> AsyncIterator[ScriptedAgent]:
    agent = ScriptedAgent(folder / "agent.sock", folder)
    await agent.start()
    yield agent
    await agent.stop()


@pytest.fixture
async def client(agent: ScriptedAgent) -> AsyncIterator[ExecutionClient]:
    client = ExecutionClient(agent.path)
    await client.start()
    yield client
    await client.close()
    await asyncio.sleep(0.01)  # channels close


def count_descriptors() -> int:
    """How many this process has open."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())
