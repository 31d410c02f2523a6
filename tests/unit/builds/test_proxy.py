"""The proxy of downloads, by itself: what is still open when a download ends is closed with it."""

import gc
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from execution.builds.proxy import Proxy, proxying


@pytest.fixture
def place() -> Iterator[socket.socket]:
    """A server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def ask(proxy: int, head: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", proxy), 5)
    connection.sendall(head)
    return connection


def count_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize("head", ["CONNECT {} HTTP/1.1", "GET http://{}/ HTTP/1.1"])
def test_what_is_open_at_the_end_is_closed(place: socket.socket, head: str) -> None:
    address = "{}:{}".format(*place.getsockname())
    gc.collect()
    gc.disable()  # which would tidy up what the proxy left behind
    before = count_descriptors()
    try:
        with proxying(Proxy({address})) as channel, socket.create_server(("127.0.0.1", 0)) as listener:
            socket.send_fds(channel, [b"\0"], [listener.fileno()])
            client = ask(listener.getsockname()[1], f"{head.format(address)}\r\n\r\n".encode())
            server, _ = place.accept()
            server.settimeout(5)
            told = client.recv(1 << 16) if head.startswith("CONNECT") else server.recv(1 << 16)
        with client, server:
            assert told.startswith((b"HTTP/1.1 200", b"GET / HTTP/1.1"))
            assert (client.recv(1), server.recv(1)) == (b"", b""), "both are told"
        assert count_descriptors() == before
    finally:
        gc.enable()
