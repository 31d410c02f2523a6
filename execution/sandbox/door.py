"""A socket that listens inside a slot's network, and is held outside: what a slot connects to, nobody else can reach.

Run as a program, it is a process of its own for one socket: an agent that is not root must enter the slot's user
namespace first, which only a process with one thread may.

    python -I -S door.py PID    # standard output is a Unix socket, over which the descriptor goes
"""

import ctypes
import fcntl
import os
import socket
import subprocess
import sys
import threading

ADDRESS = ("127.0.0.1", 9000)
"""Where programs for Algorithmia look for their platform, unless ALGORITHMIA_API says otherwise."""
BACKLOG = 128
NS_GET_USERNS = 0xB701
HELPER_SECONDS = 10.0

_libc = ctypes.CDLL(None, use_errno=True)


def open_door(pid: int) -> socket.socket:
    """Listens at ADDRESS in the network of the process `pid`. Raises OSError, also where that is the machine's own."""
    if _network_of(pid) == _network_of(os.getpid()):
        raise OSError(f"process {pid} has no network of its own")
    return _listen_in_thread(pid) if os.geteuid() == 0 else _listen_in_process(pid)


def _network_of(pid: int) -> str:
    return os.readlink(f"/proc/{pid}/ns/net")  # noqa: PTH115 - no file, but a name


def _listen_in_thread(pid: int) -> socket.socket:
    """A thread's network is its own, and ends with it."""
    found: list[socket.socket | OSError] = []

    def run() -> None:
        try:
            with open(f"/proc/{pid}/ns/net") as network:  # noqa: PTH123
                _enter(network.fileno())
            found.append(_listen())
        except OSError as error:
            found.append(error)

    thread = threading.Thread(target=run, name="door")
    thread.start()
    thread.join()
    if isinstance(found[0], OSError):
        raise found[0]
    return found[0]


def _listen_in_process(pid: int) -> socket.socket:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(HELPER_SECONDS)
        command = [sys.executable, "-I", "-S", __file__, str(pid)]
        with subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=theirs.fileno(), stderr=subprocess.PIPE
        ) as helper:
            theirs.close()
            _, descriptors, _, _ = socket.recv_fds(ours, 1, 1, socket.MSG_CMSG_CLOEXEC)
            _, said = helper.communicate()
    if not descriptors:
        raise OSError(f"no door into the network of process {pid}: {said.decode(errors='replace').strip()}")
    return socket.socket(fileno=descriptors[0])


def _enter(namespace: int) -> None:
    if _libc.setns(namespace, 0):
        raise OSError(ctypes.get_errno(), "setns")


def _listen() -> socket.socket:
    listener = socket.socket()
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(ADDRESS)
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener


def _help(pid: str) -> None:
    """The program: enters the user namespace that owns the network, then the network."""
    with open(f"/proc/{pid}/ns/net") as network:  # noqa: PTH123
        owner = fcntl.ioctl(network.fileno(), NS_GET_USERNS)
        _enter(owner)
        _enter(network.fileno())
    with socket.socket(fileno=1) as out, _listen() as listener:
        socket.send_fds(out, [b"\0"], [listener.fileno()])


if __name__ == "__main__":
    _help(sys.argv[1])
