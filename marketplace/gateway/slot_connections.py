"""How many connections each slot has to the gateway, so that none of them takes what all need."""

import os
import socket
import struct
from asyncio import BaseTransport
from collections import Counter

from execution.client import Door

MOST_CONNECTIONS = 256
"""Of one slot at a time."""
PEER_CREDENTIALS = struct.Struct("3i")
"""The kernel's struct ucred: process, user and group at the other end."""


class SlotConnections:
    """One per server."""

    def __init__(self) -> None:
        self._counts: Counter[object] = Counter()

    def admit(self, slot: object) -> bool:
        """Counts a new connection, if the slot may have one more. Who got it gives it back."""
        if self._counts[slot] >= MOST_CONNECTIONS:
            return False
        self._counts[slot] += 1
        return True

    def leave(self, slot: object) -> None:
        """The connection is over."""
        self._counts[slot] -= 1
        if not self._counts[slot]:
            del self._counts[slot]


def slot_of(transport: BaseTransport, door: Door | None) -> object:
    """What tells the slot at the other end from others: its door, or the user that it runs as.

    Where slots run as our own user, since nobody here may give them one of their own, the process has to do.
    """
    if door is not None:
        return door
    connected: socket.socket = transport.get_extra_info("socket")
    credentials = connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, PEER_CREDENTIALS.size)
    process, user, _ = PEER_CREDENTIALS.unpack(credentials)
    return ("process", process) if user == os.geteuid() else ("user", user)
