"""A version whose secrets, say, have changed: running calls end as they began, later ones have a slot of their own."""

import asyncio
import time

import msgspec

from execution.client import ExecutionClient
from execution.protocol.agent_messages import Lease, Release

from .conftest import SPEC, call, eventually
from .scripted_agent import ScriptedAgent, echo

CHANGED = msgspec.structs.replace(SPEC, secrets="an id@a later time")


async def test_an_idle_slot_is_given_back_when_the_secrets_have_changed(
    agent: ScriptedAgent, client: ExecutionClient
) -> None:
    await call(client)
    assert (await call(client, spec=CHANGED)).outcome == "ok"
    assert (agent.count(Lease), agent.count(Release)) == (2, 1)
    assert (await call(client, spec=CHANGED)).outcome == "ok"
    assert agent.count(Lease) == 2


async def test_what_else_changes_of_a_version_reaches_its_next_slot_too(
    agent: ScriptedAgent, client: ExecutionClient
) -> None:
    """Such as the signature of its artifact, when the platform's key is another."""
    await call(client)
    signed = msgspec.structs.replace(SPEC, signature="of another key")
    assert (await call(client, spec=signed)).outcome == "ok"
    leases = [message for message in agent.messages if isinstance(message, Lease)]
    assert [lease.spec for lease in leases] == [SPEC, signed]
    assert (await call(client, spec=msgspec.structs.replace(signed))).outcome == "ok"
    assert agent.count(Lease) == 2


async def test_a_busy_slot_ends_its_call_and_takes_no_other(agent: ScriptedAgent, client: ExecutionClient) -> None:
    agent.run = lambda line: (time.sleep(0.2), echo(line))[1]
    running = asyncio.create_task(call(client))
    await eventually(lambda: agent.count(Lease) == 1)
    assert (await call(client, spec=CHANGED)).outcome == "ok"
    assert (await running).outcome == "ok"
    await eventually(lambda: agent.count(Release) >= 1)
    assert agent.count(Lease) >= 2, "more, where the machine is slow and the second call waits"


async def test_a_slot_that_was_asked_for_before_is_not_used(agent: ScriptedAgent, client: ExecutionClient) -> None:
    agent.load_seconds = 0.2
    first = asyncio.create_task(call(client))
    await eventually(lambda: agent.count(Lease) == 1)
    second = asyncio.create_task(call(client, spec=CHANGED))
    assert (await first).outcome == (await second).outcome == "ok"
    await eventually(lambda: agent.count(Release) >= 1)
    assert agent.count(Lease) >= 2
