"""What an algorithm must not be able to change, use up, or leave behind."""

import os
from pathlib import Path

import pytest

from tests.integration.agent.agent_process import AgentProcess, wait_until
from tests.integration.agent.gateway import TestGateway
from tests.integration.isolation.conftest import Attacker, new_attacker

pytestmark = pytest.mark.xdist_group("isolation")  # share agents

TRY_TO_WRITE = """
import os
def attempt(path):
    try:
        with open(path, "a") as file:
            file.write("changed")
        return "written"
    except OSError as error:
        return error.strerror
result = {path: attempt(path) for path in paths}
"""


async def test_the_system_the_runner_and_the_version_are_read_only(attacker: Attacker) -> None:
    paths = [
        *("/algorithm/src/echo.py", "/algorithm/new", "/usr/new", "/usr/bin/env", "/runner/runner.py", "/runner/new"),
        *("/new", "/etc/passwd", "/etc/new", "/run/new", "/run/agora/new", "/dev/new", "/bin/sh", "/lib/new"),
        *("/proc/sys/kernel/hostname", "/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/proc/1/oom_score_adj"),
    ]
    result = await attacker.run(TRY_TO_WRITE, paths=paths)
    assert isinstance(result, dict)
    assert [path for path, said in result.items() if said == "written" and path != "/proc/1/oom_score_adj"] == []


async def test_nothing_can_be_mounted_or_made_writable(attacker: Attacker) -> None:
    said = await attacker.run("""
        import ctypes, os
        libc = ctypes.CDLL(None, use_errno=True)
        MS_REMOUNT, MS_BIND, CLONE_NEWUSER, CLONE_NEWNS = 32, 4096, 0x10000000, 0x20000
        result = {
            "remount": libc.mount(b"none", b"/algorithm", None, MS_REMOUNT | MS_BIND, None),
            "mount": libc.mount(b"none", b"/tmp", b"tmpfs", 0, None),
            "umount": libc.umount2(b"/algorithm", 2),
            "user namespace": libc.unshare(CLONE_NEWUSER),
            "mount namespace": libc.unshare(CLONE_NEWNS),
            "chroot": libc.chroot(b"/tmp"),
            "set user": libc.setuid(0),
            "host name": libc.sethostname(b"mine", 4),
            "mknod": libc.mknod(b"/tmp/memory", 0o020666, (1 << 8) | 1),
        }
        result = {name: code for name, code in result.items() if code != -1}
    """)
    assert said == {}


async def test_it_has_no_capability_and_can_get_none(attacker: Attacker) -> None:
    status = await attacker.run("result = open('/proc/self/status').read()")
    fields = dict(line.split(":", 1) for line in str(status).splitlines())
    assert {fields[name].strip() for name in ("CapPrm", "CapEff", "CapBnd", "CapAmb", "CapInh")} == {"0" * 16}
    assert fields["NoNewPrivs"].strip() == "1"


async def test_there_is_no_network(attacker: Attacker) -> None:
    said = await attacker.run("""
        import socket
        def attempt(address):
            with socket.socket() as client:
                client.settimeout(2)
                try:
                    client.connect(address)
                except OSError as error:
                    return error.strerror or str(error)
            return "connected"
        addresses = [("127.0.0.1", 22), ("169.254.169.254", 80), ("10.0.0.1", 53), ("1.1.1.1", 443)]
        result = {address[0]: attempt(address) for address in addresses}
        result["interfaces"] = ",".join(name for _, name in socket.if_nameindex())
    """)
    assert isinstance(said, dict)
    assert said.pop("interfaces") == "lo"
    assert set(said.values()) <= {"Connection refused", "Network is unreachable"}


async def test_raw_sockets_are_refused(attacker: Attacker) -> None:
    said = await attacker.run("""
        import socket
        result = []
        for family, kind in ((socket.AF_PACKET, socket.SOCK_RAW), (socket.AF_INET, socket.SOCK_RAW)):
            try:
                socket.socket(family, kind, socket.IPPROTO_ICMP)
                result.append("opened")
            except OSError as error:
                result.append(error.strerror)
    """)
    assert said == ["Operation not permitted"] * 2


async def test_tmp_is_bounded_and_counts_as_memory(agent: AgentProcess, gateway: TestGateway) -> None:
    attacker = await new_attacker(agent, gateway)
    fill = """
        import os
        written = 0
        try:
            for number in range(64):
                with open(f"/tmp/{number}", "wb") as file:
                    for _ in range(8):
                        written += file.write(bytes(1 << 20))
        except OSError as error:
            result = error.strerror
        result = written >> 20
    """
    try:
        assert await attacker.run(fill) <= 256
    except (EOFError, ConnectionResetError):
        exited = await gateway.hear_exit(attacker.slot)
        assert exited.out_of_memory


async def test_files_are_bounded(attacker: Attacker) -> None:
    said = await attacker.run("""
        import os, signal
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        with open("/tmp/large", "wb") as file:
            try:
                os.truncate(file.fileno(), 1 << 40)
                result = "grown"
            except OSError as error:
                result = error.strerror
    """)
    assert said == "File too large"


async def test_a_fork_bomb_ends_with_its_slot(agent: AgentProcess, gateway: TestGateway, victim: Attacker) -> None:
    attacker = await new_attacker(agent, gateway)
    said = await attacker.run("""
        import os, time
        children = 0
        try:
            while children < 5000:
                if os.fork() == 0:
                    time.sleep(600)
                    os._exit(0)
                children += 1
            result = "no limit"
        except OSError as error:
            result = [error.strerror, children]
    """)
    assert isinstance(said, list)
    assert said[0] == "Resource temporarily unavailable"
    assert said[1] < 256
    assert await victim.run("import os\nresult = os.waitpid(os.spawnlp(os.P_NOWAIT, 'true', 'true'), 0)[1]") == 0
    processes = len(agent.processes())
    gateway.release(attacker.slot)
    wait_until(lambda: len(agent.processes()) < processes - said[1] + 10)


async def test_a_memory_hog_ends_alone(agent: AgentProcess, gateway: TestGateway, victim: Attacker) -> None:
    attacker = await new_attacker(agent, gateway)
    with pytest.raises((EOFError, ConnectionResetError)):
        await attacker.run("hog = []\nwhile True: hog.append(bytes(range(256)) * 40960)")
    assert (await gateway.hear_exit(attacker.slot)).out_of_memory
    assert await victim.run("result = 'alive'") == "alive"


async def test_children_share_the_memory_limit(agent: AgentProcess, gateway: TestGateway) -> None:
    attacker = await new_attacker(agent, gateway)
    said = await attacker.run("""
        import os, time
        pids = []
        for _ in range(8):
            pid = os.fork()
            if pid == 0:
                hog = bytes(range(256)) * (64 << 12)
                time.sleep(600)
            pids.append(pid)
        ended = os.wait()
        result = os.WTERMSIG(ended[1])
    """)
    assert said == 9  # 8 times 64 MiB is more than 256 MiB


async def test_nothing_is_left_for_the_next_tenant(agent: AgentProcess, gateway: TestGateway) -> None:
    first = await new_attacker(agent, gateway)
    await first.run("open('/tmp/left', 'w').write('x')\nopen('/dev/shm/left', 'w').write('x')")
    await first.run("""
        import os, time
        if not os.fork():
            os.setsid()
            if os.fork(): os._exit(0)
            while True: time.sleep(1)
    """)
    gateway.release(first.slot)
    await gateway.hear_exit(first.slot)
    second = await new_attacker(agent, gateway, "next")
    seen = await second.run("""
        import os
        processes = [name for name in os.listdir("/proc") if name.isdigit()]
        result = [os.listdir("/tmp"), os.listdir("/dev/shm"), len(processes)]
    """)
    assert seen in ([[], [], 2], [[], [], 3])


async def test_a_gigabyte_of_prints_is_let_go(agent: AgentProcess, gateway: TestGateway) -> None:
    attacker = await new_attacker(agent, gateway)
    source = "import os\nchunk = b'x' * (1 << 20)\nfor _ in range(1024): os.write(1, chunk)\nresult = 'printed'"
    assert await attacker.run(source) == "printed"
    gateway.release(attacker.slot)
    assert len((await gateway.hear_exit(attacker.slot)).log_tail) == 4096


async def test_slots_run_as_different_users_of_the_host(
    agent: AgentProcess, attacker: Attacker, victim: Attacker
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give each slot a user of its own")
    users = [user for user, command in map(describe, agent.processes()) if command.endswith("/runner.py")]
    assert len(users) >= 2
    assert len(set(users)) == len(users)
    assert "0" not in users


def describe(pid: int) -> tuple[str, str]:
    """A process's user, and its command line if it is a runner itself, not bubblewrap around it; nothing of one that
    has ended meanwhile."""
    folder = Path(f"/proc/{pid}")
    try:
        command = (folder / "cmdline").read_text().rstrip("\0").replace("\0", " ")
        user = (folder / "status").read_text().split("Uid:")[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "", ""
    return user, "" if command.startswith("bwrap") or "/bwrap " in command else command


async def test_busy_processes_of_one_slot_leave_another_its_share(
    agent: AgentProcess, attacker: Attacker, victim: Attacker
) -> None:
    if not agent.cgroup_places:
        pytest.skip("without control groups, processors are shared between processes, not between slots")
    await attacker.run("""
        import os
        for _ in range(100):
            if not os.fork():
                while True: pass
    """)
    took = await victim.run("""
        import time
        began, goal = time.monotonic(), time.process_time() + 0.2
        while time.process_time() < goal: pass
        result = time.monotonic() - began
    """)
    assert isinstance(took, float)
    assert took < 4, "a hundredth of the machine would take ten seconds"


async def test_each_slot_has_its_own_share_of_the_processors(agent: AgentProcess, attacker: Attacker) -> None:
    places = [place for place in agent.cgroup_places if (place / "cpu.shares").exists()]
    if not places:
        pytest.skip("the shares are read with control groups of version 1 only")
    (place,) = places
    members = (place / str(attacker.slot.slot_id) / "cgroup.procs").read_text().split()
    assert len(members) >= 2  # bubblewrap's, and the runner
    assert (place / str(attacker.slot.slot_id) / "cpu.shares").read_text() == "1024\n"
