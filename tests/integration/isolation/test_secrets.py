"""What an algorithm must not be able to read: the platform's, and its neighbours'."""

import os
import socket
from pathlib import Path

import pytest

from tests.integration.agent.agent_process import AgentProcess, javascript_spec
from tests.integration.agent.gateway import TestGateway
from tests.integration.isolation.conftest import SECRET, Attacker

pytestmark = pytest.mark.xdist_group("isolation")  # share agents

TRY_TO_READ = """
def attempt(path):
    try:
        with open(path, "rb") as file:
            return "read: " + repr(file.read(200))
    except OSError as error:
        return error.strerror
result = {path: attempt(path) for path in paths}
"""


async def test_the_platforms_files_are_not_there(agent: AgentProcess, attacker: Attacker) -> None:
    home = str(agent.home)
    paths = [
        f"{home}/secret_key",
        f"{home}/agent.log",
        "/etc/shadow",
        "/etc/hostname",
        "/root/.bashrc",
        str(Path(__file__)),
        "/proc/1/root/etc/shadow",
        f"/proc/1/root{home}/secret_key",
        f"/proc/self/root{home}/secret_key",
        f"/proc/self/cwd/../../../..{home}/secret_key",
        "/dev/mem",
        "/dev/kmsg",
        "/proc/kcore",
    ]
    result = await attacker.run(TRY_TO_READ, paths=paths)
    assert isinstance(result, dict)
    assert {path: said for path, said in result.items() if said.startswith("read: ")} == {}
    folders = await attacker.run("import os\nresult = sorted(os.listdir('/'))")
    assert set(folders) <= {
        *("algorithm", "bin", "dev", "etc", "lib", "lib32", "lib64", "libx32", "proc", "run", "runner", "sbin", "tmp"),
        *("usr", "root", "opt", "node_modules"),
    }


async def test_the_etc_folder_says_nothing_of_the_machine(attacker: Attacker) -> None:
    names = await attacker.run("import os\nresult = sorted(os.listdir('/etc'))")
    assert set(names) <= {
        "alternatives",
        "group",
        "hosts",
        "ld.so.cache",
        "localtime",
        "nsswitch.conf",
        "passwd",
        "ssl",
    }
    users = await attacker.run("result = open('/etc/passwd').read()")
    assert "slot:" in users
    assert "root:" not in users


async def test_the_environment_has_no_setting_of_the_platform(attacker: Attacker) -> None:
    seen = await attacker.run("""
        import glob, os
        result = dict(os.environ)
        for path in glob.glob("/proc/[0-9]*/environ"):
            try:
                result[path] = open(path, "rb").read().decode()
            except OSError as error:
                result[path] = error.strerror
    """)
    assert isinstance(seen, dict)
    assert SECRET not in str(seen)
    assert not [name for name in seen if name.startswith(("AGORA_", "DATABASE", "REDIS"))]
    assert not [text for text in seen.values() if "AGORA_HOME" in text or "AGORA_SECRET_KEY" in text]


async def test_command_lines_do_not_name_the_home(agent: AgentProcess, attacker: Attacker) -> None:
    lines = await attacker.run("""
        import glob
        result = [open(path).read() for path in glob.glob("/proc/[0-9]*/cmdline")]
    """)
    assert str(agent.home) not in str(lines)


async def test_only_the_slots_own_processes_are_seen(attacker: Attacker, victim: Attacker) -> None:
    pids = await attacker.run("import os\nresult = sorted(int(name) for name in os.listdir('/proc') if name.isdigit())")
    assert pids in ([1, 2], [1, 2, 3])  # bubblewrap's, and the runner


async def test_no_signal_reaches_another_process(agent: AgentProcess, attacker: Attacker, victim: Attacker) -> None:
    pids = [os.getpid(), *agent.processes()]
    errors = await attacker.run(
        """
        import errno, os
        def attempt(pid):
            try:
                os.kill(pid, 9)
            except OSError as error:
                return errno.errorcode[error.errno]
        result = {attempt(pid) for pid in pids if pid > 20}
        result = sorted(result)
        """,
        pids=pids,
    )
    assert errors == ["ESRCH"]
    assert await victim.run("result = 'alive'") == "alive"
    with pytest.raises(RuntimeError, match="No such process"):  # there is nobody else
        await attacker.run("import os\nos.kill(-1, 9)")
    assert await victim.run("result = 'alive'") == "alive"
    assert agent.process.poll() is None


async def test_a_neighbours_memory_files_and_environment(attacker: Attacker, victim: Attacker) -> None:
    result = await attacker.run(
        TRY_TO_READ,
        paths=[
            "/tmp/token",
            "/dev/shm/token",
            *(f"/proc/{pid}/{name}" for pid in (3, 4, 5, 100, 1000) for name in ("mem", "environ", "root/tmp/token")),
        ],
    )
    assert isinstance(result, dict)
    assert "of the victim" not in str(result)
    assert not [path for path, said in result.items() if said.startswith("read: ")]


async def test_the_outer_process_of_the_slot_cannot_be_traced(attacker: Attacker) -> None:
    """The one that started the runner is not of the algorithm's user namespace, or holds nothing."""
    result = await attacker.run("""
        import ctypes, os
        libc = ctypes.CDLL(None, use_errno=True)
        found = libc.ptrace(16, 1, 0, 0)  # PTRACE_ATTACH
        result = [found, open("/proc/1/environ", "rb").read().decode() if os.access("/proc/1/environ", 4) else ""]
    """)
    assert isinstance(result, list)
    assert SECRET not in result[1]


async def test_no_descriptor_of_the_agent_is_inherited(attacker: Attacker) -> None:
    targets = await attacker.run("""
        import os
        result = []
        for name in os.listdir("/proc/self/fd"):
            try:
                result.append(os.readlink("/proc/self/fd/" + name))
            except OSError:
                pass  # the listing's own
        result.sort()
    """)
    assert isinstance(targets, list)
    sockets = [target for target in targets if target.startswith("socket:")]
    others = {target for target in targets if not target.startswith(("socket:", "pipe:", "/proc/"))}
    assert len(sockets) == 1
    assert others == {"/dev/null"}


async def test_the_gateways_folder_is_all_of_the_platform_that_is_there(
    agent: AgentProcess, attacker: Attacker
) -> None:
    (agent.home / "run" / "gateway" / "gateway.sock").touch()
    assert await attacker.run("import os\nresult = os.listdir('/run/agora')") == ["gateway.sock"]
    said = await attacker.run(
        """
        import socket
        def attempt(path):
            with socket.socket(socket.AF_UNIX) as client:
                try:
                    client.connect(path)
                except OSError as error:
                    return error.strerror
            return "connected"
        result = [attempt(path) for path in paths]
        """,
        paths=[str(agent.socket), f"/proc/1/root{agent.socket}", "/run/agora/../agent.sock", "/run/agora/agent.sock"],
    )
    assert set(said) <= {"No such file or directory", "Permission denied"}


async def test_abstract_sockets_of_the_machine_are_out_of_reach(attacker: Attacker) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("\0agora-test-abstract")
        listener.listen()
        said = await attacker.run("""
            import socket
            try:
                socket.socket(socket.AF_UNIX).connect("\\0agora-test-abstract")
                result = "connected"
            except OSError as error:
                result = error.strerror
        """)
    assert said == "Connection refused"


async def test_javascript_is_held_as_well(agent: AgentProcess, gateway: TestGateway) -> None:
    source = """
        const fs = require("fs");
        exports.apply = (paths) => paths.map((path) => {
          try { return fs.readFileSync(path, "utf8"); } catch (error) { return error.code; }
        });
    """
    slot = await gateway.lease(javascript_spec(agent.publish({"src/echo.js": source})))
    said = await slot.call([f"{agent.home}/secret_key", "/etc/shadow", "/proc/1/environ", "/tmp/token"])
    assert isinstance(said, list)
    assert SECRET not in str(said)
    assert [said[0], said[1], said[3]] == ["ENOENT", "ENOENT", "ENOENT"]
