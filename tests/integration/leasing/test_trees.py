"""Versions that call versions: each call holds a slot while it waits for those that it made."""

import asyncio
import itertools
import json
import time
from collections.abc import Callable

import msgspec
import pytest

from execution.client import Answer, ExecutionClient
from execution.errors import AllSlotsHeld
from execution.leasing import pool
from execution.protocol.agent_messages import VersionSpec

from .conftest import SPEC, call, eventually
from .scripted_agent import ScriptedAgent, echo

CALLS_OTHERS = msgspec.structs.replace(SPEC, version_id="version-3", calls_others=True)
OTHER = msgspec.structs.replace(CALLS_OTHERS, version_id="version-4")


class Trees:
    """Calls that call as deep as they are told, and then take a moment."""

    def __init__(self, client: ExecutionClient, *, versions: tuple[VersionSpec, ...] = (CALLS_OTHERS,)) -> None:
        self.refused = 0
        self._client = client
        self._versions = versions
        self._loop = asyncio.get_running_loop()
        self._numbers = itertools.count()

    async def call(self, depth: int, *, parent_id: str | None = None, caller: str = "ann") -> Answer:
        """A call with `depth` calls below it."""
        call_id = f"call-{next(self._numbers)}"
        data = json.dumps({"id": call_id, "depth": depth})
        spec = self._versions[depth % len(self._versions)]
        return await call(self._client, data, spec=spec, call_id=call_id, parent_id=parent_id, caller=caller)

    def run(self, line: bytes) -> bytes:
        """What slots do, in their threads."""
        data = json.loads(line)["data"]
        if not data["depth"]:
            time.sleep(0.01)
            return echo(line)
        child = asyncio.run_coroutine_threadsafe(self.call(data["depth"] - 1, parent_id=data["id"]), self._loop)
        try:
            assert child.result(20).outcome == "ok"
        except AllSlotsHeld:
            self.refused += 1
            return b'{"error":{"message":"refused"}}\n'
        except AssertionError:
            return b'{"error":{"message":"a child failed"}}\n'
        return echo(line)


@pytest.fixture
def few_slots(monkeypatch: pytest.MonkeyPatch) -> int:
    """The most slots of a version, however idle the machine is."""
    for name in ("MAX_SLOTS", "EAGER_SLOTS"):
        monkeypatch.setattr(pool, name, 2)
    return 2


async def answer_all(calls: list[asyncio.Task[Answer]]) -> list[str]:
    return [answer.outcome for answer in await asyncio.gather(*calls)]


async def test_a_version_that_calls_itself_deeper_than_it_may_have_slots(
    agent: ScriptedAgent, client: ExecutionClient, few_slots: int
) -> None:
    trees = Trees(client)
    agent.run = trees.run
    assert (await trees.call(12)).outcome == "ok"
    assert agent.most_slots == 13


async def test_many_trees_at_once(agent: ScriptedAgent, client: ExecutionClient, few_slots: int) -> None:
    trees = Trees(client)
    agent.run = trees.run
    calls = [asyncio.create_task(trees.call(3, caller=str(number % 5))) for number in range(40)]
    assert await answer_all(calls) == ["ok"] * 40
    assert agent.most_slots <= 3 * few_slots + 4, "calls that start trees are held to the version's most"


async def test_two_versions_that_call_each_other(agent: ScriptedAgent, client: ExecutionClient, few_slots: int) -> None:
    trees = Trees(client, versions=(CALLS_OTHERS, OTHER))
    agent.run = trees.run
    assert await answer_all([asyncio.create_task(trees.call(9)) for _ in range(3)]) == ["ok"] * 3


async def test_deeper_than_the_machine_is_refused_and_not_waited_for(
    agent: ScriptedAgent, client: ExecutionClient
) -> None:
    agent.max_slots = 4
    trees = Trees(client)
    agent.run = trees.run
    began = time.monotonic()
    answer = await trees.call(12)
    assert time.monotonic() - began < 10
    assert trees.refused == 1
    assert answer.error is not None
    assert answer.error.message == "a child failed"


async def test_trees_that_fill_the_machine_let_some_of_them_go_on(
    agent: ScriptedAgent, client: ExecutionClient
) -> None:
    agent.max_slots = 6
    trees = Trees(client)
    agent.run = trees.run
    calls = [asyncio.create_task(trees.call(2)) for _ in range(12)]
    await asyncio.wait_for(asyncio.gather(*calls), 15)
    outcomes = await answer_all(calls)
    assert outcomes.count("ok") >= 6
    assert outcomes.count("algorithm_error") == trees.refused


async def test_a_call_whose_parent_is_over_has_no_right_to_more_slots(
    agent: ScriptedAgent, client: ExecutionClient, few_slots: int
) -> None:
    trees = Trees(client)
    agent.run = lambda line: (time.sleep(0.05), echo(line))[1]
    calls = [asyncio.create_task(trees.call(0, parent_id="over")) for _ in range(12)]
    assert await answer_all(calls) == ["ok"] * 12
    assert agent.most_slots == few_slots


async def test_a_parent_that_does_not_wait_leaves_its_slot_working(
    agent: ScriptedAgent, client: ExecutionClient
) -> None:
    """Its child runs on when it has answered, and its slot serves the next call."""
    trees = Trees(client)
    slow = msgspec.structs.replace(OTHER, version_id="version-5")
    children: list[asyncio.Task[Answer]] = []

    def begin(spec: VersionSpec, parent_id: str) -> Callable[[], None]:
        return lambda: children.append(
            asyncio.create_task(call(client, '{"id": "child", "depth": 0}', spec=spec, parent_id=parent_id))
        )

    loop = asyncio.get_running_loop()

    def run(line: bytes) -> bytes:
        data = json.loads(line)["data"]
        if data["id"] != "child":
            loop.call_soon_threadsafe(begin(slow, data["id"]))
            return echo(line)
        time.sleep(0.3)
        return echo(line)

    agent.run = run
    assert (await trees.call(0)).outcome == "ok"
    await eventually(lambda: bool(children))
    held = [slot for found in client._lessee._pools for slot in found.leased if slot.children]
    assert held == []
    assert await answer_all(children) == ["ok"]
