"""A leased slot: the gateway's end of the call channel of one runner."""

import asyncio
from collections.abc import Callable
from typing import cast

from execution.leasing.answers import BrokenProtocol
from execution.leasing.usage import UsageReader
from execution.protocol.agent_messages import Exited

RESPONSE_LIMIT = 15 << 20


class SlotLost(Exception):
    """The runner closed the channel, or died."""


class DeadlinePassed(Exception):
    """The runner did not answer in time."""


class ResponseTooLarge(Exception):
    """The response is larger than RESPONSE_LIMIT bytes."""


class LeasedSlot(asyncio.Protocol):
    """Takes one request at a time."""

    def __init__(
        self,
        *,
        slot_id: int,
        version_id: str,
        load_us: int,
        usage: UsageReader,
        on_lost: Callable[["LeasedSlot"], None],
    ) -> None:
        """`on_lost` is called once, when the channel closes."""
        self.slot_id = slot_id
        self.version_id = version_id
        self.load_us = load_us
        self.usage = usage
        self.idle_since = 0.0
        self.served = False
        """Whether a call has been answered: the first one waited for the loading."""
        self.exited: asyncio.Future[Exited] = asyncio.get_running_loop().create_future()
        """What the agent says of the end of the process."""
        self._on_lost = on_lost
        self._transport: asyncio.WriteTransport | None = None
        self._response: asyncio.Future[bytes] | None = None
        self._chunks: list[bytes] = []
        self._size = 0

    @property
    def usable(self) -> bool:
        """Whether the channel is open."""
        return self._transport is not None and not self._transport.is_closing()

    def exchange(self, request: bytes) -> asyncio.Future[bytes]:
        """Sends one request line and promises the response line.

        The promise raises SlotLost, DeadlinePassed, ResponseTooLarge or BrokenProtocol; after any of them the slot
        must be discarded.
        """
        response: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        if not self.usable or self._transport is None:
            response.set_exception(SlotLost())
            return response
        self._response = response
        self._transport.write(request)
        return response

    def expire(self) -> None:
        """The deadline of the request in progress has passed."""
        self._fail(DeadlinePassed())

    def close(self) -> None:
        """Hangs up."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, data: bytes) -> None:
        if self._response is None:  # nobody asked: the algorithm wrote to the channel on its own
            self.close()
            return
        self._size += len(data)
        if self._size > RESPONSE_LIMIT:
            self._fail(ResponseTooLarge())
            return
        self._chunks.append(data)
        end = data.find(b"\n")
        if end == len(data) - 1:
            self._finish()
        elif end >= 0:
            self._fail(BrokenProtocol("the runner wrote more than one line"))

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._fail(SlotLost())
        self.usage.close()
        self._on_lost(self)

    def _finish(self) -> None:
        line = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        response, self._response = self._response, None
        self._chunks, self._size = [], 0
        if response is not None and not response.done():
            response.set_result(line)

    def _fail(self, error: Exception) -> None:
        response, self._response = self._response, None
        self._chunks, self._size = [], 0
        if response is not None and not response.done():
            response.set_exception(error)
