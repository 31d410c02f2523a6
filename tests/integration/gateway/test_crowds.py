"""Many calls at once, over HTTP, with slots that a test scripts: whose turn it is, and who is told to come later."""

import asyncio
import json
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
import redis
from django.conf import settings

from billing.api import MeterWriter
from execution.client import ExecutionClient
from execution.leasing import pool
from marketplace.gateway.calls import Gateway
from marketplace.gateway.failures import FailureLog
from marketplace.gateway.mirror import Mirror
from marketplace.gateway.server import WebConfig, WebServer
from tests.integration.gateway.test_admission import ANNS_KEY, BENS_KEY, SECRET, client
from tests.integration.leasing.scripted_agent import ScriptedAgent, echo
from tests.platform import free_port

__all__ = ["client"]  # the directory in Redis, as a fixture
PATIENCE_SECONDS = 30.0


@pytest.fixture
def folder() -> Iterator[Path]:
    """Short enough for the name of a socket."""
    with tempfile.TemporaryDirectory(prefix="agora-") as name:
        yield Path(name)


@pytest.fixture
async def agent(folder: Path) -> AsyncIterator[ScriptedAgent]:
    agent = ScriptedAgent(folder / "agent.sock", folder, max_slots=1)
    await agent.start()
    yield agent
    await agent.stop()


class Web:
    """A web server in this process."""

    def __init__(self, folder: Path, agent: ScriptedAgent) -> None:
        port = free_port()
        self.address = f"http://127.0.0.1:{port}/v1/algo/ann/gift"
        config = WebConfig("127.0.0.1", port, settings.REDIS_URL, agent.path, folder / "gateway.sock", SECRET)
        self._gateway = Gateway(
            mirror=Mirror(settings.REDIS_URL),
            execution=ExecutionClient(agent.path),
            meter=MeterWriter(settings.REDIS_URL),
            failures=FailureLog(settings.REDIS_URL),
            secret=SECRET,
        )
        self._server = WebServer(config, self._gateway, application=lambda *_: None)  # type: ignore[arg-type]
        self._http = httpx.AsyncClient(timeout=PATIENCE_SECONDS, limits=httpx.Limits(max_connections=200))

    async def start(self) -> None:
        await self._gateway.start()
        self._serving = asyncio.create_task(self._server.serve())
        while not self._server.started:  # noqa: ASYNC110 - nobody sets an event
            await asyncio.sleep(0.01)

    async def stop(self) -> None:
        """As a SIGTERM does it."""
        self._server.should_exit = True
        await self._serving
        await self._gateway.close()

    async def close(self) -> None:
        await self._http.aclose()
        if not self._serving.done():
            await self.stop()

    async def call(self, value: object, key: str = BENS_KEY) -> httpx.Response:
        return await self._http.post(self.address, json=value, headers={"Authorization": f"Simple {key}"})


@pytest.fixture
async def web(client: redis.Redis, folder: Path, agent: ScriptedAgent) -> AsyncIterator[Web]:
    web = Web(folder, agent)
    await web.start()
    yield web
    await web.close()


class Gate:
    """Holds calls up until it is opened, and knows in what order they came."""

    def __init__(self, agent: ScriptedAgent) -> None:
        self.open = threading.Event()
        self.order: list[object] = []
        agent.run = self._run

    def _run(self, line: bytes) -> bytes:
        self.order.append(json.loads(line)["data"])
        self.open.wait(PATIENCE_SECONDS)
        return echo(line)

    async def wait_for_first(self) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not self.order:  # noqa: ASYNC110 - a thread fills it
                await asyncio.sleep(0.01)


async def test_one_callers_many_calls_do_not_hold_up_anothers_one(web: Web, agent: ScriptedAgent) -> None:
    gate = Gate(agent)
    many = [asyncio.create_task(web.call(number)) for number in range(100)]
    await gate.wait_for_first()
    await asyncio.sleep(0.5)  # all of them wait
    one = asyncio.create_task(web.call("one", ANNS_KEY))
    await asyncio.sleep(0.2)
    gate.open.set()
    assert (await one).json()["result"] == "one"
    assert [answer.status_code for answer in await asyncio.gather(*many)] == [200] * 100
    assert gate.order.index("one") <= 3


async def test_a_full_queue_says_when_to_come_again(
    web: Web, agent: ScriptedAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "MAX_WAITING", 5)
    gate = Gate(agent)
    first = asyncio.create_task(web.call("first"))
    await gate.wait_for_first()
    calls = [asyncio.create_task(web.call(number)) for number in range(8)]
    done, waiting = await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
    while len(done) < 3:
        more, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        done |= more
    for refused in [task.result() for task in done]:
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) >= 1
        assert refused.json()["error"]["error_type"] == "QueueFullError"
    gate.open.set()
    assert {answer.status_code for answer in await asyncio.gather(first, *waiting)} == {200}


@pytest.mark.parametrize(("seconds", "status"), [(0, 400), (1, 504), (3_000, 200), (3_001, 400)])
async def test_the_caller_says_how_long_to_wait(web: Web, agent: ScriptedAgent, seconds: int, status: int) -> None:
    gate = Gate(agent)
    web.address += f"?timeout={seconds}"
    calling = asyncio.create_task(web.call(1))
    if status == 200:
        await gate.wait_for_first()
        gate.open.set()
    assert (await calling).status_code == status
    gate.open.set()


async def test_a_server_that_stops_does_not_wait_for_ever_and_says_so(
    web: Web, agent: ScriptedAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(agent)
    monkeypatch.setattr(web._server.config, "timeout_graceful_shutdown", 1)
    calling = asyncio.create_task(web.call(1))
    await gate.wait_for_first()
    await web.stop()
    answer = await calling
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    gate.open.set()
