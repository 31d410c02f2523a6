"""The agent's side of a connection to one gateway."""

import asyncio
import os
import socket
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress

import msgspec

from execution.protocol.agent_messages import FromAgent, FromGateway

READ_SIZE = 1 << 16
LINE_LIMIT = 1 << 20
MOST_UNSENT = 10_000
"""A gateway that leaves so many messages unread is stuck, and hung up on."""

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(FromGateway)


class GatewayLink:
    """Messages go to `on_message`; after `on_lost` there are none, and what is sent goes nowhere."""

    def __init__(
        self,
        connected: socket.socket,
        *,
        on_message: Callable[["GatewayLink", FromGateway], None],
        on_lost: Callable[["GatewayLink"], None],
    ) -> None:
        """Owns the socket, which must not block."""
        self._socket = connected
        self._on_message = on_message
        self._on_lost = on_lost
        self._received = b""
        self._unsent: deque[tuple[bytes, Sequence[int]]] = deque()
        self._closed = False
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(connected.fileno(), self._read)

    def send(self, message: FromAgent, descriptors: Sequence[int] = ()) -> None:
        """Sends now what fits and the rest when the gateway reads on. Closes the descriptors, sooner or later."""
        if self._closed:
            _close_all(descriptors)
            return
        if not self._unsent:
            self._loop.add_writer(self._socket.fileno(), self._flush)
        self._unsent.append((_encoder.encode(message) + b"\n", descriptors))
        self._flush()

    def close(self) -> None:
        """Hangs up. Does not call `on_lost`."""
        if self._closed:
            return
        self._closed = True
        self._loop.remove_reader(self._socket.fileno())
        self._loop.remove_writer(self._socket.fileno())
        self._socket.close()
        for _, descriptors in self._unsent:
            _close_all(descriptors)
        self._unsent.clear()

    def _flush(self) -> None:
        while self._unsent:
            line, descriptors = self._unsent[0]
            try:
                sent = socket.send_fds(self._socket, [line], descriptors) if descriptors else self._socket.send(line)
            except BlockingIOError:
                break
            except OSError:
                self._lose()
                return
            _close_all(descriptors)  # they went with the first byte
            if sent < len(line):
                self._unsent[0] = (line[sent:], ())
            else:
                self._unsent.popleft()
        if not self._unsent:
            self._loop.remove_writer(self._socket.fileno())
        elif len(self._unsent) > MOST_UNSENT:
            self._lose()

    def _read(self) -> None:
        try:
            data = self._socket.recv(READ_SIZE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        *lines, self._received = (self._received + data).split(b"\n")
        if not data or len(self._received) > LINE_LIMIT:
            self._lose()
            return
        for line in lines:
            self._take(line)

    def _take(self, line: bytes) -> None:
        if self._closed:
            return
        try:
            message = _decoder.decode(line)
        except (msgspec.DecodeError, RecursionError):  # not a gateway of this version
            self._lose()
            return
        self._on_message(self, message)

    def _lose(self) -> None:
        if not self._closed:
            self.close()
            self._on_lost(self)


def _close_all(descriptors: Sequence[int]) -> None:
    for descriptor in descriptors:
        with suppress(OSError):
            os.close(descriptor)
