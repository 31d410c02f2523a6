"""A leased slot: the gateway's end of the call channel of one runner."""

import asyncio
import math
from collections.abc import Callable
from typing import cast

from execution.leasing.answers import RESPONSE_LIMIT, BrokenProtocol, ResponseTooLarge
from execution.leasing.chunks import CHUNK, ChunkSink, ChunkStream, CollectedChunks
from execution.leasing.usage import UsageReader
from execution.leasing.worth import CallRate
from execution.protocol.agent_messages import AlgorithmFailure, Exited


class SlotLost(Exception):
    """The runner closed the channel, or died."""


class DeadlinePassed(Exception):
    """The runner did not answer in time."""


class LoadFailed(Exception):
    """The version cannot be loaded."""

    def __init__(self, failure: AlgorithmFailure, load_us: int) -> None:
        super().__init__(failure.message)
        self.failure = failure
        self.load_us = load_us


class LeasedSlot(asyncio.Protocol):
    """Takes one request at a time."""

    def __init__(
        self, *, slot_id: int, load_us: int, usage: UsageReader, on_lost: Callable[["LeasedSlot"], None]
    ) -> None:
        """`on_lost` is called once, when the channel closes."""
        self.slot_id = slot_id
        self.load_us = load_us
        self.usage = usage
        self.idle_since = 0.0
        self.handed_on = False
        """Whether it went from one call to the next without a pause."""
        self.calls = 0
        """Begun so far; the first one waited for the loading."""
        self.rate = CallRate()
        self._observed = 0
        self.recalled = False
        """Whether to give it back after the call that it runs."""
        self.children: set[str] = set()
        """The calls that the call in progress has made and waits for (see trees.py)."""
        self.call_id: str | None = None
        """The call in progress, of a version that may call others."""
        self._loop = asyncio.get_running_loop()
        self.exited: asyncio.Future[Exited | None] = self._loop.create_future()
        """What the agent says of the end of the process; None when there is no agent any more."""
        self._on_lost = on_lost
        self._transport: asyncio.Transport | None = None
        self._open = False
        self._closed = False
        self._response: asyncio.Future[bytes] | None = None
        self._deadline = math.inf
        """Of the request in progress, in the loop's time."""
        self._chunks: ChunkSink | None = None
        """Of the request in progress, if there are any."""
        self._received = bytearray()

    @property
    def usable(self) -> bool:
        """Whether the channel is open."""
        return self._transport is not None and self._open and not self._closed and not self._transport.is_closing()

    @property
    def busy(self) -> bool:
        """Whether a response is waited for."""
        return self._response is not None

    def observe_rate(self, seconds: float) -> None:
        """Counts the calls of the last so many seconds."""
        self.rate.observe(self.calls - self._observed, seconds)
        self._observed = self.calls

    def exchange(
        self, request: bytes, chunks: ChunkStream | None = None, *, deadline: float = math.inf
    ) -> asyncio.Future[bytes]:
        """Sends one request line and promises the response line. Chunks before it go to `chunks`, or into it.

        The promise raises SlotLost, DeadlinePassed, ResponseTooLarge or BrokenProtocol; after any of them the slot
        must be discarded.
        """
        response: asyncio.Future[bytes] = self._loop.create_future()
        if not self.usable or self._transport is None:
            response.set_exception(SlotLost())
            return response
        self._response = response
        self._deadline = deadline
        self._chunks = chunks
        if chunks is not None:
            chunks.begin(self._transport)
        self._transport.write(request)
        return response

    def expire(self, now: float) -> None:
        """Ends the request in progress, if there is one and its deadline has passed."""
        if self._response is not None and now >= self._deadline:
            self._fail(DeadlinePassed())

    def note_exit(self, exited: Exited | None) -> None:
        """The process has ended; what it wrote before may still be on its way."""
        if not self.exited.done():
            self.exited.set_result(exited)

    def close(self) -> None:
        """Hangs up at once: a runner that does not read on is not waited for."""
        self._closed = True
        if self._open and self._transport is not None:
            self._transport.abort()

    def note_open(self) -> None:
        """The loop has opened the channel. It must not be closed before: uvloop would close the descriptor's number
        a second time later, whosever that is then."""
        self._open = True
        if self._closed:
            self.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self._response is None:  # nobody asked: the algorithm wrote to the channel on its own
            self.close()
            return
        expects_whole = not self._received and self._chunks is None
        if expects_whole and data.find(b"\n") == len(data) - 1 and not data.startswith(CHUNK):
            self._finish(data)
        else:
            self._take(data)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._closed = True
        self._fail(SlotLost())
        self.usage.close()
        self._on_lost(self)

    def _take(self, data: bytes) -> None:
        """What is more than one whole response: pieces of it, chunks, or what should not be there."""
        self._received += data
        if b"\n" in data:
            *lines, self._received = self._received.split(b"\n")
            self._take_lines([bytes(line) for line in lines])
        if len(self._received) > RESPONSE_LIMIT:
            self._fail(ResponseTooLarge(RESPONSE_LIMIT))

    def _take_lines(self, lines: list[bytes]) -> None:
        response = None if lines[-1].startswith(CHUNK) else lines.pop()
        try:
            for line in lines:
                self._take_chunk(line)
            if response is not None:
                if self._received:
                    raise BrokenProtocol("the runner wrote more than one response")
                self._finish_with(response + b"\n")
        except (BrokenProtocol, ResponseTooLarge) as error:
            self._fail(error)

    def _take_chunk(self, line: bytes) -> None:
        if not line.startswith(CHUNK):
            raise BrokenProtocol("the runner wrote more than one response")
        _check_size(line)
        if self._chunks is None:
            self._chunks = CollectedChunks()
        self._chunks.take(line)

    def _finish_with(self, line: bytes) -> None:
        _check_size(line)
        chunks, self._chunks = self._chunks, None  # an idle slot holds no caller's chunks
        self._finish(line if chunks is None else chunks.finish(line))

    def _finish(self, line: bytes) -> None:
        response, self._response = self._response, None
        if self._received:
            self._received = bytearray()
        if response is not None and not response.done():
            response.set_result(line)

    def _fail(self, error: Exception) -> None:
        response, self._response = self._response, None
        self._chunks = None
        self._received = bytearray()
        if response is not None and not response.done():
            response.set_exception(error)


def _check_size(line: bytes) -> None:
    if len(line) > RESPONSE_LIMIT:
        raise ResponseTooLarge(RESPONSE_LIMIT)
