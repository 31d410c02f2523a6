"""The gateway's connection to an agent: control messages, and descriptors that come with them."""

import asyncio
import os
import socket
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from execution.protocol.agent_messages import FromAgent, FromGateway, Leased

READ_SIZE = 1 << 16
MAX_DESCRIPTORS = 8

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(FromAgent)


class AgentLink:
    """One connection. Messages go to `on_message`, with the descriptors that a Leased brought, in order."""

    def __init__(
        self,
        connected: socket.socket,
        *,
        on_message: Callable[[FromAgent, list[int]], None],
        on_lost: Callable[[], None],
    ) -> None:
        self._socket = connected
        self._on_message = on_message
        self._on_lost = on_lost
        self._received = b""
        self._unsent = b""
        self._descriptors: deque[list[int]] = deque()
        self._closed = False
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(connected.fileno(), self._read)

    def send(self, message: FromGateway) -> None:
        """Sends now what fits, and the rest as soon as the agent reads on."""
        if self._closed:
            return
        if not self._unsent:
            self._loop.add_writer(self._socket.fileno(), self._flush)
        self._unsent += _encoder.encode(message) + b"\n"
        self._flush()

    def close(self) -> None:
        """Hangs up: the agent ends all slots of this link."""
        if self._closed:
            return
        self._closed = True
        self._loop.remove_reader(self._socket.fileno())
        self._loop.remove_writer(self._socket.fileno())
        self._socket.close()
        for descriptors in self._descriptors:
            close_all(descriptors)

    def _flush(self) -> None:
        try:
            sent = self._socket.send(self._unsent)
        except BlockingIOError:
            return
        except OSError:
            self._lose()
            return
        self._unsent = self._unsent[sent:]
        if not self._unsent:
            self._loop.remove_writer(self._socket.fileno())

    def _read(self) -> None:
        try:
            data, descriptors, _, _ = socket.recv_fds(self._socket, READ_SIZE, MAX_DESCRIPTORS)
        except BlockingIOError:
            return
        except OSError:
            data, descriptors = b"", []
        if descriptors:
            self._descriptors.append(descriptors)
        if not data:
            self._lose()
            return
        *lines, self._received = (self._received + data).split(b"\n")
        for line in lines:
            message = _decoder.decode(line)
            self._on_message(message, self._descriptors.popleft() if isinstance(message, Leased) else [])

    def _lose(self) -> None:
        if not self._closed:
            self.close()
            self._on_lost()


def connect(path: Path) -> socket.socket:
    """A connected, non-blocking socket. Raises OSError."""
    connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    try:
        connected.connect(os.fspath(path))
    except OSError:
        connected.close()
        raise
    connected.setblocking(False)
    return connected


def close_all(descriptors: list[int]) -> None:
    """Closes descriptors that nobody wants."""
    for descriptor in descriptors:
        with suppress(OSError):
            os.close(descriptor)
