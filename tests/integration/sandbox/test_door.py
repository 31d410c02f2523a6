"""What listens inside a process's network, by both ways into it."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator

import pytest

from execution.sandbox import door
from execution.sandbox.watched import descendants

pytestmark = pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")
WAYS = [pytest.param(door._listen_in_process, id="process")]
if os.geteuid() == 0:
    WAYS.append(pytest.param(door._listen_in_thread, id="thread"))
CONNECT = "import socket; print(socket.create_connection(('127.0.0.1', 9000), 5).recv(10).decode())"
WAIT_SECONDS = 10.0


@pytest.fixture
def isolated() -> Iterator[subprocess.Popen[str]]:
    """Connects when it is told to, and prints what it hears."""
    command = ["bwrap", "--unshare-all", "--ro-bind", "/", "/", "--dev", "/dev", "--", "/bin/sh", "-c"]
    script = f'echo ready; read line; exec python3 -c "{CONNECT}"'
    with subprocess.Popen([*command, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
        process.kill()


@pytest.mark.parametrize("listen", WAYS)
def test_the_process_reaches_it_and_this_machine_does_not(
    isolated: subprocess.Popen[str], listen: Callable[[int], socket.socket]
) -> None:
    *_, innermost = descendants(isolated.pid)
    with listen(innermost) as listener:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(door.ADDRESS, 1).close()
        isolated.stdin.write("go\n")  # type: ignore[union-attr]
        isolated.stdin.flush()  # type: ignore[union-attr]
        with accept(listener) as connection:
            connection.sendall(b"inside")
        assert isolated.stdout.readline() == "inside\n"  # type: ignore[union-attr]


def accept(listener: socket.socket) -> socket.socket:
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            return listener.accept()[0]
        except BlockingIOError:
            assert time.monotonic() < deadline, "nobody came"
            time.sleep(0.01)


def test_a_process_in_the_machines_network_gets_none() -> None:
    with pytest.raises(OSError, match="no network of its own"):
        door.open_door(os.getppid())


def test_a_process_that_has_ended_gets_none() -> None:
    with subprocess.Popen(["true"]) as process:
        process.wait()
    with pytest.raises(FileNotFoundError):
        door.open_door(process.pid)
