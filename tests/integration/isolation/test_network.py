"""What a version reaches that may use the internet: the internet, and nothing of the machine's own network."""

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.integration.agent.agent_process import AgentProcess, is_alive, python_spec, wait_until
from tests.integration.agent.gateway import TestGateway, connected
from tests.integration.isolation.conftest import ATTACKER, Attacker
from tests.integration.isolation.networks import (
    CLOSED_BY_OPERATOR,
    GATEWAY,
    INTERNET_PORT,
    MACHINE,
    MACHINE_6,
    MACHINE_PORT,
    MACHINES_PUBLIC,
    PRIVATE,
    PUBLIC,
    PUBLIC_6,
    Networks,
    make_networks,
)

pytestmark = [
    pytest.mark.xdist_group("network"),  # share agents
    pytest.mark.skipif(os.geteuid() != 0, reason="only root makes networks"),
    pytest.mark.skipif(shutil.which("pasta") is None, reason="pasta is not installed: apt-get install passt"),
]

CONNECT = """
import json, socket
def connect(host, port):
    try:
        with socket.create_connection((host, port), timeout=3) as connection:
            return connection.recv(100).decode()
    except OSError as error:
        return ""
"""
OUTSIDE = [*PRIVATE, GATEWAY, CLOSED_BY_OPERATOR]
OWN = [MACHINE, MACHINES_PUBLIC, MACHINE_6, "127.0.0.1", "::1"]


@pytest.fixture(scope="module")
def networks() -> Iterator[Networks]:
    """A machine in a private network, as a cloud's are."""
    with tempfile.TemporaryDirectory() as folder, make_networks(Path(folder)) as networks:
        yield networks


@pytest.fixture(scope="module")
def agent(networks: Networks) -> Iterator[AgentProcess]:
    """On that machine."""
    start = networks.start("machine", resolver=True)
    settings = {"ALLOW_NETWORK": "true", "CLOSED_NETWORKS": "198.51.100.128/25", "WARM_SLOTS": "python3=0,javascript=0"}
    with AgentProcess(start=start, **settings) as agent:
        assert "refused" not in agent.log, agent.log
        yield agent


@pytest.fixture
async def gateway(agent: AgentProcess) -> AsyncIterator[TestGateway]:
    async with connected(agent.socket) as gateway:
        yield gateway


@pytest.fixture
async def attacker(agent: AgentProcess, gateway: TestGateway) -> Attacker:
    """May use the internet."""
    return await lease(agent, gateway)


async def lease(agent: AgentProcess, gateway: TestGateway, name: str = "networked") -> Attacker:
    digest = agent.publish({"src/echo.py": ATTACKER})
    return Attacker(await gateway.lease(python_spec(digest, name, network=True)))


async def test_the_internet_is_reached(attacker: Attacker) -> None:
    for host in (PUBLIC, PUBLIC_6, "some.name.example"):
        assert await attacker.run(CONNECT + f"result = connect({host!r}, {INTERNET_PORT})") == "internet", host


async def test_the_door_is_there_beside_the_internet(agent: AgentProcess, gateway: TestGateway) -> None:
    digest = agent.publish({"src/echo.py": ATTACKER})
    caller = Attacker(await gateway.lease(python_spec(digest, "caller", network=True, calls_others=True)))
    (door,) = gateway.doors
    welcome = asyncio.create_task(welcome_one(door))
    assert await caller.run(CONNECT + "result = connect('127.0.0.1', 9000)") == "welcome"
    await welcome
    other = await lease(agent, gateway, "other")
    assert await other.run(CONNECT + "result = connect('127.0.0.1', 9000)") == ""
    assert len(gateway.doors) == 1


async def welcome_one(door: socket.socket) -> None:
    connection, _ = await asyncio.get_running_loop().sock_accept(door)
    connection.sendall(b"welcome")
    connection.close()


async def test_a_version_that_does_not_ask_gets_no_network(agent: AgentProcess, gateway: TestGateway) -> None:
    digest = agent.publish({"src/echo.py": ATTACKER})
    isolated = Attacker(await gateway.lease(python_spec(digest, "isolated")))
    assert await isolated.run(CONNECT + f"result = connect({PUBLIC!r}, {INTERNET_PORT})") == ""


async def test_private_networks_and_metadata_are_not(networks: Networks, attacker: Attacker) -> None:
    assert from_the_machine(networks, OUTSIDE, INTERNET_PORT) == dict.fromkeys(OUTSIDE, "internet")
    source = CONNECT + "result = {host: connect(host, port) for host in hosts}"
    said = await attacker.run(source, hosts=[*OUTSIDE, "::ffff:10.0.0.7", "0.0.0.0"], port=INTERNET_PORT)
    assert isinstance(said, dict)
    assert set(said.values()) == {""}, said


async def test_the_machines_own_services_are_not(networks: Networks, attacker: Attacker) -> None:
    assert from_the_machine(networks, OWN, MACHINE_PORT) == dict.fromkeys(OWN, "machine")
    source = CONNECT + "result = {host: connect(host, port) for host in hosts}"
    said = await attacker.run(source, hosts=[*OWN, GATEWAY, "192.0.2.53", "127.0.0.53"], port=MACHINE_PORT)
    assert isinstance(said, dict)
    assert set(said.values()) == {""}, said


def from_the_machine(networks: Networks, hosts: list[str], port: int) -> dict[str, str]:
    """What a process there hears: the proof that somebody listens."""
    script = CONNECT + f"print(json.dumps({{host: connect(host, {port}) for host in {hosts!r}}}))"
    command = [*networks.start("machine"), sys.executable, "-c", script]
    return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)


async def test_packets_without_a_connection_are_held_too(attacker: Attacker) -> None:
    said = await attacker.run(
        """
        import socket
        query = bytes.fromhex("0001010000010000000000000161076578616d706c650000010001")
        def ask(host):
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            with socket.socket(family, socket.SOCK_DGRAM) as client:
                client.settimeout(2)
                try:
                    client.sendto(query, (host, 53))
                    return "answered" if client.recv(1000) else ""
                except OSError as error:
                    return type(error).__name__
        result = {host: ask(host) for host in hosts}
        """,
        hosts=[PUBLIC, "10.0.0.7", "169.254.169.254", GATEWAY, MACHINES_PUBLIC, "10.9.9.255", "224.0.0.251"],
    )
    assert isinstance(said, dict)
    assert said.pop(PUBLIC) == "answered"
    assert "answered" not in said.values()


async def test_its_code_cannot_change_the_rules(attacker: Attacker) -> None:
    said = await attacker.run("""
        import socket, struct, subprocess
        RTM_DELRULE, REQUEST_ACK = 33, 5
        answers = []
        for family in (socket.AF_INET, socket.AF_INET6):
            with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as link:
                attribute = struct.pack("=HHI", 8, 6, 10)  # FRA_PRIORITY
                body = struct.pack("=BBBBBBBBI", family, 0, 0, 0, 0, 0, 0, 0, 0) + attribute
                link.send(struct.pack("=IHHII", 16 + len(body), RTM_DELRULE, REQUEST_ACK, 1, 0) + body)
                answers.append(struct.unpack_from("=i", link.recv(4096), 16)[0])
        result = answers
    """)
    assert said == [-1, -1]  # EPERM


async def test_slots_do_not_meet(agent: AgentProcess, gateway: TestGateway, attacker: Attacker) -> None:
    other = await lease(agent, gateway, "other")
    addresses = await other.run("""
        import socket, threading
        listener = socket.create_server(("", 4444))
        named = socket.socket(socket.AF_UNIX)
        named.bind("\\0agora-test-other")
        named.listen()
        keep = globals().setdefault("kept", [listener, named])
        import builtins
        builtins.kept = keep
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(("198.51.100.7", 9))
            result = ["127.0.0.1", probe.getsockname()[0]]
    """)
    source = CONNECT + "result = [connect(host, 4444) for host in hosts]"
    assert await attacker.run(
        "import socket\nresult = [socket.socket().connect_ex((host, 4444)) for host in hosts]", hosts=addresses
    ) == [111, 111]
    assert (
        await attacker.run("import socket\nresult = socket.socket(socket.AF_UNIX).connect_ex('\\0agora-test-other')")
        == 111
    )
    assert await other.run(source.replace("recv(100).decode()", "fileno() and 'open'"), hosts=addresses[:1]) == ["open"]


async def test_what_holds_without_the_network_holds_with_it(agent: AgentProcess, attacker: Attacker) -> None:
    said = await attacker.run("""
        import os
        status = open("/proc/self/status").read()
        fields = dict(line.split(":", 1) for line in status.splitlines())
        targets = []
        for name in os.listdir("/proc/self/fd"):
            try:
                targets.append(os.readlink("/proc/self/fd/" + name).partition(":")[0])
            except OSError:
                pass  # the listing's own
        result = {
            "capabilities": {fields[name].strip() for name in ("CapPrm", "CapEff", "CapBnd", "CapAmb", "CapInh")},
            "filter": fields["Seccomp"].strip(),
            "processes": sorted(int(name) for name in os.listdir("/proc") if name.isdigit()),
            "descriptors": sorted(targets),
            "etc": set(os.listdir("/etc")),
        }
        result = {name: sorted(value) if isinstance(value, set) else value for name, value in result.items()}
        result["command lines"] = open("/proc/1/cmdline").read()
    """)
    assert isinstance(said, dict)
    assert said["capabilities"] == ["0" * 16]
    assert said["filter"] == "2"
    assert said["processes"] in ([1, 2], [1, 2, 3])
    assert [target for target in said["descriptors"] if target == "socket"] == ["socket"]
    assert set(said["descriptors"]) == {"socket", "pipe", "/dev/null"}
    assert set(said["etc"]) <= {
        *("alternatives", "group", "ld.so.cache", "localtime", "passwd", "ssl", "resolv.conf", "hosts"),
        "nsswitch.conf",
    }
    assert str(agent.home) not in said["command lines"]


async def test_an_end_is_told_as_it_is(agent: AgentProcess, gateway: TestGateway) -> None:
    first, second = await lease(agent, gateway, "first"), await lease(agent, gateway, "second")
    with pytest.raises((EOFError, ConnectionResetError)):
        await first.run("import os\nos._exit(7)")
    assert (await gateway.hear_exit(first.slot)).exit_code == 7
    with pytest.raises((EOFError, ConnectionResetError)):
        await second.run("hog = []\nwhile True: hog.append(bytes(range(256)) * 40960)")
    assert (await gateway.hear_exit(second.slot)).out_of_memory


async def test_nothing_outlives_a_slot_or_an_agent_that_was_killed(networks: Networks) -> None:
    settings = {"ALLOW_NETWORK": "true", "WARM_SLOTS": "python3=0,javascript=0"}
    with AgentProcess(start=networks.start("machine", resolver=True), **settings) as agent:
        async with connected(agent.socket) as gateway:
            first = await lease(agent, gateway, "first")
            of_the_first = agent.processes()[1:]
            gateway.release(first.slot)
            wait_until(lambda: not any(map(is_alive, of_the_first)))
            await lease(agent, gateway, "second")
            of_the_second = agent.processes()[1:]
            assert len(of_the_second) >= 4
            agent.process.kill()
            agent.process.wait()
            wait_until(lambda: not any(map(is_alive, of_the_second)))


async def test_a_machine_that_cannot_do_so_refuses(tmp_path: Path) -> None:
    """Rather than to share its own network. Here pasta is missing."""
    for program in ("bwrap", "ip", "sh", "setpriv", "unshare", "mount", "mkdir", "prlimit"):
        found = shutil.which(program)
        assert found is not None
        (tmp_path / program).symlink_to(found)
    settings = {"ALLOW_NETWORK": "true", "WARM_SLOTS": "python3=0,javascript=0"}
    with AgentProcess(path=str(tmp_path), **settings) as agent:
        assert "apt-get install passt" in agent.log
        async with connected(agent.socket) as gateway:
            digest = agent.publish({"src/echo.py": ATTACKER})
            failed = await gateway.fail_lease(python_spec(digest, network=True))
            assert failed.failure is not None
            assert "needs the internet" in failed.failure.message
            await gateway.lease(python_spec(digest, "without"))
