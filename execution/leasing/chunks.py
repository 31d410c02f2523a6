"""Chunks of a streaming result, on their way from the runner that makes them to a caller who may be slower."""

import asyncio
from collections import deque
from typing import Protocol, Self

import msgspec

from execution.leasing.answers import (
    RESPONSE_LIMIT,
    ContentType,
    Metadata,
    ResponseTooLarge,
    Usage,
    check_text,
    decode_line,
    read_response,
)

CHUNK = b'{"chunk"'
"""What a line of the runner begins with that is a chunk."""
STREAM_LIMIT = 1 << 30
"""Bytes of all chunks of a call whose caller takes them as they come."""
MOST_WAITING = 1 << 20
"""So many bytes of memory the chunks that wait for the caller take; then the runner waits."""
CHUNK_MEMORY = 256
"""More bytes of memory than a chunk takes besides its content: small ones take a hundred times theirs."""


class Chunk(msgspec.Struct, frozen=True):
    """One part of a streaming result."""

    content: msgspec.Raw
    """JSON, as the runner wrote it; base64 text for binary."""
    content_type: ContentType


class ChunkSink(Protocol):
    """Where the chunks of one call go."""

    def take(self, line: bytes) -> None:
        """A chunk's line. Raises BrokenProtocol and ResponseTooLarge, which end the call."""

    def finish(self, line: bytes) -> bytes:
        """The response line to answer with; `line` is the one that the runner wrote last."""


class CollectedChunks:
    """For a caller who wants one answer: the chunks become a JSON list. Binary ones are base64 text in it."""

    def __init__(self) -> None:
        self._list = bytearray()

    def take(self, line: bytes) -> None:
        """Keeps it."""
        self._list += b"," if self._list else b""
        self._list += memoryview(read_chunk(line).content)
        if len(self._list) >= RESPONSE_LIMIT:
            raise ResponseTooLarge(RESPONSE_LIMIT)

    def finish(self, line: bytes) -> bytes:
        """The list, unless the runner ended with an error. What a generator returns at its end is not in it."""
        if read_response(line, Usage()).error is not None:
            return line
        last = _last_decoder.decode(line)
        request_id = b"" if last.id is None else b',"id":%b' % msgspec.json.encode(last.id)
        return b'{"result":[%b],"metadata":{"content_type":"json"}%b}\n' % (bytes(self._list), request_id)


class ChunkStream:
    """For a caller who takes chunks as they come: `async for chunk in stream`, until the call has ended."""

    def __init__(self) -> None:
        self.size = 0
        """Bytes of all chunks so far."""
        self._waiting: deque[Chunk] = deque()
        self._waiting_bytes = 0
        self._source: asyncio.ReadTransport | None = None
        self._paused = False
        self._ended = False
        self._news = asyncio.Event()

    def begin(self, source: asyncio.ReadTransport) -> None:
        """The chunks come from there: it is not read while too many wait."""
        self._source = source

    def take(self, line: bytes) -> None:
        """Hands it to the reader."""
        chunk = read_chunk(line)
        self.size += len(chunk.content)
        if self.size > STREAM_LIMIT:
            raise ResponseTooLarge(STREAM_LIMIT)
        self._waiting.append(chunk)
        self._waiting_bytes += CHUNK_MEMORY + len(chunk.content)
        if self._waiting_bytes > MOST_WAITING:
            self._pause(paused=True)
        self._news.set()

    def finish(self, line: bytes) -> bytes:
        """The line itself: the chunks have gone."""
        return line

    def end(self) -> None:
        """No more chunks come; those that wait are still handed out. May be repeated."""
        self._pause(paused=False)
        self._source = None
        self._ended = True
        self._news.set()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Chunk:
        while not self._waiting:
            if self._ended:
                raise StopAsyncIteration
            self._news.clear()
            await self._news.wait()
        chunk = self._waiting.popleft()
        self._waiting_bytes -= CHUNK_MEMORY + len(chunk.content)
        if self._waiting_bytes <= MOST_WAITING:
            self._pause(paused=False)
        return chunk

    def _pause(self, *, paused: bool) -> None:
        if self._source is None or self._paused == paused:
            return
        self._paused = paused
        if not self._source.is_closing():
            (self._source.pause_reading if paused else self._source.resume_reading)()


class _ChunkLine(msgspec.Struct):
    chunk: msgspec.Raw
    metadata: Metadata | None = None


class _LastLine(msgspec.Struct):
    id: str | None = None


_decoder = msgspec.json.Decoder(_ChunkLine)
_last_decoder = msgspec.json.Decoder(_LastLine)


def read_chunk(line: bytes) -> Chunk:
    """What a chunk's line says; without metadata its type is that of its value. Raises BrokenProtocol."""
    read = decode_line(_decoder, line)
    kind: ContentType = read.metadata.content_type if read.metadata else "json"
    check_text(read.chunk, kind)
    return Chunk(read.chunk.copy(), kind)  # a copy, since the line may be mostly blanks, and would be kept
