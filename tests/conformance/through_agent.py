"""The test algorithm called as the gateway calls it: by an ExecutionClient, in slots of a real agent."""

import asyncio
import json
import shutil

from execution.client import Answer, ExecutionClient
from execution.protocol.agent_messages import VersionSpec
from tests.conformance.bench import NAME, Bench
from tests.conformance.slot import MEBIBYTE, request_for
from tests.integration.agent.agent_process import AgentProcess

CALL_SECONDS, SHORT_SECONDS = 60.0, 0.5


def call_all(bench: Bench, requests: list[object]) -> list[Answer]:
    """The answers to the requests, one call after the other; a request to loop gets a short deadline."""
    agent = AgentProcess(WARM_SLOTS=f"{bench.environment.id}=1")
    artifact = bench.artifacts[bench.version]
    shutil.copyfile(artifact.path, agent.storage / f"{artifact.digest}.tar")
    (agent.home / "cache" / "builds").mkdir(parents=True)
    (agent.home / "cache" / "builds" / "runners").symlink_to(bench.runners)
    with agent:
        answers = asyncio.run(_call_all(agent, _spec(bench), requests))
        agent.stop()
        assert not agent.slot_folders, "the agent left slots behind"
    return answers


async def _call_all(agent: AgentProcess, spec: VersionSpec, requests: list[object]) -> list[Answer]:
    client = ExecutionClient(agent.socket)
    await client.start()
    try:
        return [await _call(client, spec, request) for request in requests]
    finally:
        await client.close()


async def _call(client: ExecutionClient, spec: VersionSpec, request: object) -> Answer:
    seconds = SHORT_SECONDS if request == {"do": "loop"} else CALL_SECONDS
    deadline = asyncio.get_running_loop().time() + seconds
    line = json.dumps(request_for(request)).encode() + b"\n"
    return await client.call(spec, caller="conformance", request=line, deadline=deadline)


def _spec(bench: Bench) -> VersionSpec:
    digest = bench.artifacts[bench.version].digest
    return VersionSpec(
        version_id=digest, name=NAME, artifact=digest, environment=bench.environment.id,
        entry=bench.environment.default_entry(NAME), timeout_seconds=60, memory_bytes=512 * MEBIBYTE, network=False,
        calls_others=False,
    )  # fmt: skip
