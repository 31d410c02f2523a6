"""Web and agent are asked to stop under load, as a new release does it, and started again: no call is lost."""

import asyncio
import os
import signal
from collections.abc import Callable
from itertools import repeat

import httpx
import pytest

from tests.crash.load import Load, write_call
from tests.platform import RunningPlatform

CONNECTIONS = 8
RECOVERY_SECONDS = 60.0
CALLS = 200


async def wait_for(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(RECOVERY_SECONDS):
        while not condition():  # noqa: ASYNC110 - another process makes it so
            await asyncio.sleep(0.02)


def read_pid(platform: RunningPlatform, name: str) -> int:
    return int((platform.home / "run" / f"{name}.pid").read_text() or 0)


def answers(platform: RunningPlatform) -> bool:
    try:
        return httpx.get(platform.address, timeout=40).status_code == 200
    except httpx.TransportError:
        return False


@pytest.mark.parametrize("name", ["agent", "web"])
async def test_a_restart_under_load_loses_no_call(platform: RunningPlatform, name: str) -> None:
    request = write_call("/v1/algo/agora/hello", b'"world"', platform.demo_key)
    load = Load(platform.address, [repeat(request) for _ in range(CONNECTIONS)])
    received = load.received
    running = asyncio.create_task(load.run())
    await wait_for(lambda: len(received.results) > CALLS)
    before = read_pid(platform, name)
    os.kill(before, signal.SIGTERM)
    await wait_for(lambda: read_pid(platform, name) not in {0, before})
    answered = len(received.results)
    await wait_for(lambda: len(received.results) > answered + CALLS)
    load.stop()
    await running
    assert (received.failures, received.broken) == ([], 0)
    if name == "agent":
        assert (received.refusals, received.unreachable) == (0, 0), "calls wait for the next agent"


async def test_a_call_in_progress_may_call_while_web_stops(platform: RunningPlatform, probe_reference: str) -> None:
    """Its answer comes, and says that the connection ends."""
    late = {"do": "call", "with": {"algorithm": "agora/hello", "value": "late", "after": 1.5}}
    headers = {"Authorization": f"Simple {platform.demo_key}"}
    path = f"/v1/algo/{probe_reference}"
    before = read_pid(platform, "web")
    async with httpx.AsyncClient(base_url=platform.address, headers=headers, timeout=40) as client:
        assert (await client.post(path, json={"do": "echo", "with": 1})).status_code == 200
        calling = asyncio.create_task(client.post(path, json=late))
        await asyncio.sleep(0.5)
        os.kill(before, signal.SIGTERM)
        answer = await calling
    assert answer.json().get("result") == "Hello, late!", answer.text
    assert answer.headers["connection"] == "close"
    await wait_for(lambda: read_pid(platform, "web") not in {0, before})
    await wait_for(lambda: answers(platform))
