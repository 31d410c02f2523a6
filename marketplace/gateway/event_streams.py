"""Streaming results as server-sent events: `data:` for each chunk, then `event: done`, or `event: error`."""

from collections.abc import Awaitable, Callable

import msgspec

from execution.client import Answer, Chunk
from marketplace.gateway.addresses import Options
from marketplace.gateway.errors import Refused
from marketplace.gateway.notices import Notice
from marketplace.gateway.replies import CORS_HEADERS, STATUS_LINES, describe_failure, timing_of

MEDIA_TYPE = b"text/event-stream"
HEADERS = b"content-type: text/event-stream\r\ncache-control: no-store\r\nx-accel-buffering: no\r\n"


class EventStream:
    """The answer to one request, while it grows. Its head goes out with the first event: until then the request can be
    answered in another way."""

    def __init__(
        self,
        write: Callable[[bytes], None],
        drain: Callable[[], Awaitable[None]],
        *,
        date: bytes,
        chunked: bool,
        open_to_sites: bool,
    ) -> None:
        """`drain` returns when the client has read enough for more to be written; `chunked`: HTTP/1.1."""
        self._write = write
        self._drain = drain
        self._date = date
        self._chunked = chunked
        self._headers = HEADERS + (CORS_HEADERS if open_to_sites else b"")
        self.begun = False

    def tell(self, notice: Notice | None) -> None:
        """Puts it into the head, before the first event."""
        if notice is not None:
            self._headers += notice.headers

    async def send(self, event: bytes, *, call_id: str) -> None:
        """Writes an event, and waits while the client is behind."""
        self.write(event, call_id=call_id)
        await self._drain()

    def write(self, event: bytes, *, call_id: str) -> None:
        """Writes an event."""
        if not self.begun:
            self.begun = True
            self._write(self._head(call_id))
        self._write(b"%x\r\n%b\r\n" % (len(event), event) if self._chunked else event)

    def finish(self) -> None:
        """No more events."""
        if self._chunked:
            self._write(b"0\r\n\r\n")

    def _head(self, call_id: str) -> bytes:
        framing = b"transfer-encoding: chunked\r\n" if self._chunked else b"connection: close\r\n"
        return b"%bdate: %b\r\n%b%bx-agora-call-id: %b\r\n\r\n" % (
            STATUS_LINES[200],
            self._date,
            self._headers,
            framing,
            call_id.encode(),
        )


def chunk_event(chunk: Chunk) -> bytes:
    """A chunk as JSON; one of bytes is base64 text, and has a type of its own."""
    name = b"event: binary\n" if chunk.content_type == "binary" else b""
    return b"%bdata: %b\n\n" % (name, chunk.content)


def last_event(
    answer: Answer, *, call_id: str, cost: int, options: Options, owned: bool, notice: Notice | None = None
) -> bytes:
    """The end of a call that was made: its result, which a stream may have besides its chunks, or its error."""
    metadata: dict[str, object] = {"duration": answer.usage.run_us / 1e6, "call_id": call_id, "cost": cost}
    if options.timing:
        metadata["timing"] = timing_of(answer.usage)
    if notice is not None:
        metadata["deprecated"] = msgspec.Raw(notice.deprecated)
    if answer.error is not None:
        return _event(b"error", {"error": describe_failure(answer.error, owned=owned), "metadata": metadata})
    metadata = {"content_type": answer.content_type, **metadata}
    return _event(b"done", {"result": answer.result, "metadata": metadata})


def refusal_event(refused: Refused) -> bytes:
    """What went wrong on our side after the stream had begun."""
    return _event(b"error", {"error": {"message": refused.message, "error_type": refused.error_type}})


def _event(name: bytes, content: dict[str, object]) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name, msgspec.json.encode(content))
