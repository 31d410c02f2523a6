"""A door: a socket that listens inside of one slot, for programs there that know neither a key nor our runner."""

import socket
from collections.abc import Callable

from execution.leasing.slot import LeasedSlot
from execution.protocol.agent_messages import VersionSpec


class Door:
    """Whoever comes through it stands in this slot: the call that runs there is what they may act for."""

    def __init__(self, listener: socket.socket, spec: VersionSpec) -> None:
        """Owns the socket, until someone serves it."""
        self.listener = listener
        self.spec = spec
        self.closed = False
        self._slot: LeasedSlot | None = None
        self._when_closed: list[Callable[[], None]] = []

    @property
    def call_id(self) -> str | None:
        """The call in progress in the slot; None while it loads, and between calls."""
        return self._slot.call_id if self._slot is not None else None

    @property
    def loading(self) -> bool:
        """Whether the version is being loaded."""
        return self._slot is None and not self.closed

    def lead_to(self, slot: LeasedSlot) -> None:
        """The version has loaded, and is leased as this slot."""
        self._slot = slot

    def close(self) -> None:
        """The slot is no more. Harmless when repeated."""
        if self.closed:
            return
        self.closed = True
        for callback in self._when_closed:
            callback()
        if not self._when_closed:
            self.listener.close()

    def when_closed(self, callback: Callable[[], None]) -> None:
        """Calls it when the slot is no more. Whoever asks for that closes the socket."""
        self._when_closed.append(callback)
