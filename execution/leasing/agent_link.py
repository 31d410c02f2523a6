"""The gateway's connection to an agent: control messages, and descriptors that come with them."""

import asyncio
import logging
import os
import socket
from array import array
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from execution.protocol.agent_messages import DoorOpened, FromAgent, FromGateway, Leased

logger = logging.getLogger(__name__)

READ_SIZE = 1 << 16
RECONNECT_SECONDS = (0.02, 0.5)
"""The first and the longest pause between attempts to reach the agent."""
MAX_DESCRIPTORS = 8
ANCILLARY_SIZE = socket.CMSG_SPACE(MAX_DESCRIPTORS * array("i").itemsize)

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(FromAgent)


class AgentLink:
    """One connection. Messages go to `on_message`, with the descriptors that a Leased or DoorOpened brought.

    The descriptors are the receiver's to close. They are fewer than were sent when this process has no room for more.
    """

    def __init__(
        self,
        connected: socket.socket,
        *,
        on_message: Callable[[FromAgent, list[int]], None],
        on_lost: Callable[[], None],
    ) -> None:
        """Owns the socket, which must not block."""
        self._socket = connected
        self._on_message = on_message
        self._on_lost = on_lost
        self._received = bytearray()
        self._unsent = bytearray()
        self._descriptors: deque[list[int]] = deque()
        self._closed = False
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(connected.fileno(), self._read)

    def send(self, message: FromGateway) -> None:
        """Sends now what fits, and the rest as soon as the agent reads on."""
        if self._closed:
            return
        waits = bool(self._unsent)
        self._unsent += _encoder.encode(message) + b"\n"
        if not waits:
            self._send_some()
            if self._unsent:
                self._loop.add_writer(self._socket.fileno(), self._flush)

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
        self._send_some()
        if not self._unsent:
            self._loop.remove_writer(self._socket.fileno())

    def _send_some(self) -> None:
        try:
            del self._unsent[: self._socket.send(self._unsent)]
        except BlockingIOError:
            pass
        except OSError:  # the reader will find the link broken, when nobody is in the middle of something
            self._unsent.clear()

    def _read(self) -> None:
        try:
            data, ancillary, flags, _ = self._socket.recvmsg(READ_SIZE, ANCILLARY_SIZE, socket.MSG_CMSG_CLOEXEC)
        except BlockingIOError:
            return
        except OSError:
            data, ancillary, flags = b"", [], 0
        descriptors = _read_descriptors(ancillary)
        if descriptors or flags & socket.MSG_CTRUNC:
            self._descriptors.append(descriptors)
        if not data:
            self._lose()
            return
        self._received += data
        if b"\n" in data:
            *lines, self._received = self._received.split(b"\n")
            for line in lines:
                self._take(line)

    def _take(self, line: bytearray) -> None:
        if self._closed:
            return
        try:
            message = _decoder.decode(line)
        except (msgspec.DecodeError, RecursionError):
            logger.exception("The agent does not speak this gateway's protocol.")
            self._lose()
            return
        brought = isinstance(message, Leased | DoorOpened) and self._descriptors
        self._on_message(message, self._descriptors.popleft() if brought else [])

    def _lose(self) -> None:
        if not self._closed:
            self.close()
            self._on_lost()


async def reach(path: Path) -> socket.socket:
    """A connection to the agent, as soon as there is one."""
    pause, longest = RECONNECT_SECONDS
    while True:
        with suppress(OSError):
            return connect(path)
        await asyncio.sleep(pause)
        pause = min(longest, 2 * pause)


def connect(path: Path) -> socket.socket:
    """A connected, non-blocking socket. Raises OSError, also when the agent is too busy to take a connection."""
    connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    connected.setblocking(False)
    try:
        connected.connect(os.fspath(path))
    except OSError:
        connected.close()
        raise
    return connected


def close_all(descriptors: list[int]) -> None:
    """Closes descriptors that nobody wants."""
    for descriptor in descriptors:
        with suppress(OSError):
            os.close(descriptor)


def _read_descriptors(ancillary: list[tuple[int, int, bytes]]) -> list[int]:
    descriptors = array("i")
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            descriptors.frombytes(data[: len(data) - len(data) % descriptors.itemsize])
    return list(descriptors)
