"""A lease: from a warm slot to a version that answers, and its end."""

import asyncio
import os
import tarfile
from hashlib import sha256
from pathlib import Path

import pytest

from execution.client import ExecutionClient
from execution.protocol.agent_messages import LeaseFailed
from tests.integration.agent.agent_process import (
    ECHO_JAVASCRIPT,
    ECHO_PYTHON,
    AgentProcess,
    javascript_spec,
    python_spec,
    wait_until,
)
from tests.integration.agent.gateway import TestGateway, connected, read_number

pytestmark = pytest.mark.xdist_group("agent")  # share agents


def publish_python(agent: AgentProcess, source: str) -> str:
    return agent.publish({"src/echo.py": source})


async def test_python_answers(agent: AgentProcess, gateway: TestGateway) -> None:
    slot = await gateway.lease(python_spec(agent.publish(ECHO_PYTHON)))
    assert await slot.call({"a": [1, None, "é"]}) == {"a": [1, None, "é"]}
    assert await slot.call("again") == "again"
    assert slot.leased.cold
    assert 0 < slot.leased.load_us < 20_000_000


async def test_javascript_answers(agent: AgentProcess, gateway: TestGateway) -> None:
    slot = await gateway.lease(javascript_spec(agent.publish(ECHO_JAVASCRIPT)))
    assert await slot.call({"a": [1, None, "é"]}) == {"a": [1, None, "é"]}


async def test_the_whole_client_calls(agent: AgentProcess) -> None:
    client = ExecutionClient(agent.socket)
    await client.start()
    try:
        spec = python_spec(agent.publish(ECHO_PYTHON))
        deadline = asyncio.get_running_loop().time() + 20
        request = b'{"content_type":"json","data":[1]}\n'
        first = await client.call(spec, caller="alice", request=request, deadline=deadline)
        second = await client.call(spec, caller="alice", request=request, deadline=deadline)
    finally:
        await client.close()
    assert first.result is not None
    assert (first.outcome, bytes(first.result), first.usage.cold) == ("ok", b"[1]", True)
    assert (second.outcome, second.usage.cold, second.usage.load_us) == ("ok", False, 0)
    assert second.usage.peak_memory_bytes > 1 << 20


async def test_a_burst_larger_than_the_warm_pool_is_served(agent: AgentProcess, gateway: TestGateway) -> None:
    spec = python_spec(agent.publish(ECHO_PYTHON))
    slots = []

    async def lease_and_call(number: int) -> None:
        while isinstance(answer := await gateway.ask(spec), LeaseFailed):  # as a gateway does
            assert answer.failure is None
        slot = gateway.open(answer)
        slots.append(slot.slot_id)
        assert await slot.call(number) == number

    await asyncio.gather(*(lease_and_call(number) for number in range(8)))
    assert len(set(slots)) == 8


async def test_the_warm_pool_is_filled_again(agent: AgentProcess, gateway: TestGateway) -> None:
    agent.wait_for_slots(3)
    spec = python_spec(agent.publish(ECHO_PYTHON))
    slots = [await gateway.lease(spec) for _ in range(2)]
    wait_until(lambda: len(agent.slot_folders) == 5, "three warm slots beside two leased ones")
    for slot in slots:
        gateway.release(slot)
    agent.wait_for_slots(3)


async def test_a_released_slot_ends_and_is_never_used_again(agent: AgentProcess, gateway: TestGateway) -> None:
    spec = python_spec(agent.publish(ECHO_PYTHON))
    first = await gateway.lease(spec)
    gateway.release(first)
    assert await first.read_to_end() == b""
    await gateway.hear_exit(first)
    second = await gateway.lease(spec)
    assert second.slot_id != first.slot_id
    wait_until(lambda: str(first.slot_id) not in agent.slot_folders)
    assert not [folder for folder in agent.cgroup_folders if folder.name == str(first.slot_id)]


async def test_a_discarded_slot_is_killed_while_it_runs(agent: AgentProcess, gateway: TestGateway) -> None:
    digest = publish_python(agent, "def apply(input):\n    while True: pass\n")
    slot = await gateway.lease(python_spec(digest))
    call = asyncio.create_task(slot.call(1))
    await asyncio.sleep(0.05)
    gateway.discard(slot)
    exited = await gateway.hear_exit(slot)
    assert exited.signal == 9
    with pytest.raises((EOFError, ConnectionResetError)):
        await call


async def test_the_end_of_a_link_ends_its_slots(agent: AgentProcess, gateway: TestGateway) -> None:
    spec = python_spec(agent.publish(ECHO_PYTHON))
    other = await gateway.lease(spec)
    async with connected(agent.socket) as leaving:
        slot = await leaving.lease(spec)
        channel = os.dup(slot.channel.fileno())  # so that only the agent can end it
    try:
        wait_until(lambda: str(slot.slot_id) not in agent.slot_folders)
    finally:
        os.close(channel)
    assert await other.call(1) == 1


async def test_a_link_that_is_lost_while_a_version_loads_ends_that_slot(agent: AgentProcess) -> None:
    agent.wait_for_slots(3)
    digest = publish_python(agent, "import time\ntime.sleep(600)\n")
    async with connected(agent.socket) as leaving:
        lease = asyncio.create_task(leaving.ask(python_spec(digest)))
        await asyncio.to_thread(agent.wait_for_slots, 4)
        lease.cancel()
    agent.wait_for_slots(3)


async def test_a_version_that_raises_while_it_loads(agent: AgentProcess, gateway: TestGateway) -> None:
    digest = publish_python(agent, "import no_such_module\n")
    failed = await gateway.fail_lease(python_spec(digest))
    assert failed.failure is not None
    assert (failed.failure.error_type, failed.failure.message) == (
        "ModuleNotFoundError",
        "No module named 'no_such_module'",
    )
    assert "/algorithm/src/echo.py" in str(failed.failure.stacktrace)
    agent.wait_for_slots(3)


@pytest.mark.parametrize(
    ("source", "error_type", "words"),
    [
        ("import os\nprint('farewell', flush=True)\nos._exit(3)\n", "SystemExit", "exit code 3"),
        (
            "import os\nprint('farewell', flush=True)\nos.kill(os.getpid(), 11)\n",
            "SystemError",
            "signal 11",
        ),
        ("print('farewell', flush=True)\nx = bytearray(1 << 30)\n", "OutOfMemoryError", "limit of 256 MiB"),
        ("import time\nprint('farewell', flush=True)\ntime.sleep(600)\n", "TimeoutError", "longer than 2 seconds"),
    ],
    ids=["exit", "signal", "memory", "time"],
)
async def test_a_version_that_dies_while_it_loads(
    agent: AgentProcess, gateway: TestGateway, source: str, error_type: str, words: str
) -> None:
    failed = await gateway.fail_lease(python_spec(publish_python(agent, source)))
    assert failed.failure is not None
    assert failed.failure.error_type == error_type
    assert words in failed.failure.message
    assert failed.failure.stacktrace == "farewell\n"


async def test_a_limit_below_what_the_language_needs(agent: AgentProcess, gateway: TestGateway) -> None:
    failed = await gateway.fail_lease(python_spec(agent.publish(ECHO_PYTHON), memory_bytes=1 << 20))
    assert failed.failure is not None
    assert failed.failure.error_type == "OutOfMemoryError"


async def test_an_environment_that_is_not_there(agent: AgentProcess, gateway: TestGateway) -> None:
    failed = await gateway.fail_lease(python_spec(agent.publish(ECHO_PYTHON), environment="cobol60"))
    assert failed.failure is not None
    assert "'cobol60'" in failed.failure.message


async def test_a_network_that_is_not_allowed(agent: AgentProcess, gateway: TestGateway) -> None:
    failed = await gateway.fail_lease(python_spec(agent.publish(ECHO_PYTHON), network=True))
    assert failed.failure is not None
    assert failed.failure.error_type == "PermissionError"
    assert "operator" in failed.failure.message


async def test_an_artifact_that_is_missing(agent: AgentProcess, gateway: TestGateway) -> None:
    failed = await gateway.fail_lease(python_spec("0" * 64))
    assert failed.failure is not None
    assert failed.failure.error_type == "SystemError"


async def test_an_artifact_that_was_changed(agent: AgentProcess, gateway: TestGateway) -> None:
    digest = publish_python(agent, "def apply(input):\n    return 'original'\n")
    path = agent.storage / f"{digest}.tar"
    path.write_bytes(path.read_bytes().replace(b"original", b"replaced"))
    failed = await gateway.fail_lease(python_spec(digest))
    assert failed.failure is not None
    assert "damaged" in failed.failure.message
    assert not list((agent.home / "cache" / "artifacts").glob(f"*{digest}*"))


async def test_an_artifact_that_leads_out(agent: AgentProcess, gateway: TestGateway) -> None:
    member = tarfile.TarInfo("../../../escaped")
    digest = agent.store({member: b"x"})
    failed = await gateway.fail_lease(python_spec(digest))
    assert failed.failure is not None
    assert not (agent.home / "escaped").exists()
    assert sha256((agent.storage / f"{digest}.tar").read_bytes()).hexdigest() == digest


async def test_the_slot_has_the_limit_of_its_version(agent: AgentProcess, gateway: TestGateway) -> None:
    slot = await gateway.lease(python_spec(agent.publish(ECHO_PYTHON), memory_bytes=100 << 20))
    limits = [
        int(path.read_text())
        for folder in agent.cgroup_folders
        if folder.name == str(slot.slot_id)
        for path in [*folder.glob("memory.limit_in_bytes"), *folder.glob("memory.max")]
    ]
    assert limits in ([100 << 20], [])  # none where the machine has no control groups


async def test_usage_can_be_read(agent: AgentProcess, gateway: TestGateway) -> None:
    source = "def apply(input):\n    return sum(range(3_000_000))\n"
    slot = await gateway.lease(python_spec(publish_python(agent, source)))
    if slot.leased.usage != "cgroup1":
        pytest.skip("the numbers are read with control groups of version 1 only")
    cpu, memory = slot.usage
    before = read_number(cpu)
    await slot.call(None)
    assert read_number(cpu) - before > 5_000_000  # nanoseconds
    assert 1 << 20 < read_number(memory) < 256 << 20


async def test_prints_neither_block_nor_fill_the_agent(agent: AgentProcess, gateway: TestGateway) -> None:
    source = "def apply(input):\n    line = 'x' * 99\n    for _ in range(input): print(line)\n    return 'done'\n"
    slot = await gateway.lease(python_spec(publish_python(agent, source)))
    before = resident_memory(agent.process.pid)
    assert await slot.call(500_000) == "done"
    assert resident_memory(agent.process.pid) - before < 8 << 20
    gateway.release(slot)
    tail = (await gateway.hear_exit(slot)).log_tail
    assert 3000 < len(tail) <= 4096
    assert set(tail.splitlines()) == {"x" * 99}


def resident_memory(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
