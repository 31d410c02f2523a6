"""A machine and an internet that this test makes: two network namespaces with a wire between them.

`python networks.py WHO PORT` answers each TCP connection to the port with WHO, and each UDP packet to port 53 as a
resolver that knows one address for all names.
"""

import os
import selectors
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path

GATEWAY, MACHINE, MACHINES_PUBLIC, MACHINE_6 = "10.9.9.1", "10.9.9.2", "203.0.113.2", "2001:db8:9::2"
PUBLIC, PUBLIC_6, CLOSED_BY_OPERATOR = "198.51.100.7", "2001:db8:a::7", "198.51.100.200"
PRIVATE = (
    *("10.0.0.7", "100.64.0.7", "169.254.169.254", "168.63.129.16", "172.16.0.7", "172.31.255.7", "192.0.0.192"),
    *("192.168.1.7", "198.18.0.7", "fd00:ec2::254", "fc00::7", "fec0::7", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::7"),
)
RESOLVER = "10.0.0.7"
INTERNET_PORT, MACHINE_PORT = 80, 81


class Networks:
    """Two namespaces, `machine` and `internet`, with servers in both."""

    def __init__(self, undo: ExitStack, folder: Path) -> None:
        self._undo = undo
        self._names = {name: f"agora-{name}-{os.getpid()}" for name in ("machine", "internet")}
        self._resolver = folder / "resolv.conf"
        self._resolver.write_text(f"nameserver {RESOLVER}\n")
        self._connect()
        self._serve("internet", INTERNET_PORT)
        self._serve("machine", MACHINE_PORT)

    def start(self, name: str, *, resolver: bool = False) -> list[str]:
        """The start of a command line that runs the rest of it there."""
        command = ["nsenter", f"--net=/run/netns/{self._names[name]}", "--"]
        if not resolver:
            return command
        script = 'mount --bind "$1" /etc/resolv.conf; shift; exec "$@"'
        unshare = ["unshare", "--mount", "--propagation", "private", "--"]
        return [*command, *unshare, "sh", "-ec", script, "sh", str(self._resolver)]

    def _connect(self) -> None:
        for name in self._names.values():
            _ip("netns", "add", name)
            self._undo.callback(_ip, "netns", "delete", name)
            _ip("-n", name, "link", "set", "lo", "up")
        machine, internet = self._names.values()
        _ip("link", "add", "wire", "netns", machine, "type", "veth", "peer", "name", "wire", "netns", internet)
        for address in (f"{MACHINE}/24", f"{MACHINES_PUBLIC}/32", f"{MACHINE_6}/64"):
            _add(machine, address)
        for address in (f"{GATEWAY}/24", "2001:db8:9::1/64", PUBLIC, PUBLIC_6, CLOSED_BY_OPERATOR, *PRIVATE):
            _add(internet, address)
        for name in (machine, internet):
            _ip("-n", name, "link", "set", "wire", "up")
        _ip("-n", machine, "route", "add", "default", "via", GATEWAY)
        _ip("-n", machine, "-6", "route", "add", "default", "via", "2001:db8:9::1")

    def _serve(self, name: str, port: int) -> None:
        command = [*self.start(name), sys.executable, __file__, name, str(port)]
        server = subprocess.Popen(command, stdout=subprocess.PIPE)
        self._undo.callback(server.wait)
        self._undo.callback(server.kill)
        assert server.stdout is not None
        self._undo.callback(server.stdout.close)
        assert server.stdout.readline() == b"listening\n"


@contextmanager
def make_networks(folder: Path) -> Iterator[Networks]:
    """Needs root."""
    with ExitStack() as undo:
        yield Networks(undo, folder)


def _add(name: str, address: str) -> None:
    _ip("-n", name, "address", "add", address, "dev", "wire", *(["nodad"] if ":" in address else []))


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)


def serve(who: str, port: int) -> None:
    """Until it is killed."""
    listener = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True)
    selector = selectors.DefaultSelector()
    selector.register(listener, selectors.EVENT_READ, lambda: _answer_connection(listener, who))
    for address in ("0.0.0.0", RESOLVER) if who == "internet" else ("0.0.0.0",):  # it answers from where it was asked
        resolver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        resolver.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        resolver.bind((address, 53))
        selector.register(resolver, selectors.EVENT_READ, partial(_answer_name, resolver))
    print("listening", flush=True)
    while True:
        for key, _ in selector.select():
            key.data()


def _answer_connection(listener: socket.socket, who: str) -> None:
    connection, _ = listener.accept()
    with connection, suppress(OSError):
        connection.sendall(who.encode())


def _answer_name(resolver: socket.socket) -> None:
    """PUBLIC for IPv4, nothing for the rest."""
    query, sender = resolver.recvfrom(2000)
    end = query.index(0, 12) + 5
    question, is_v4 = query[12:end], query[end - 4 : end - 2] == b"\0\1"
    answer = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + socket.inet_aton(PUBLIC) if is_v4 else b""
    head = query[:2] + b"\x81\x80\0\1" + (b"\0\1" if is_v4 else b"\0\0") + b"\0\0\0\0"
    with suppress(OSError):
        resolver.sendto(head + question + answer, sender)


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]))
