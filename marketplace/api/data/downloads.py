"""GET and HEAD of a file: ranges, conditions, and the bytes.

From this machine's disk they go straight to the connection; from elsewhere, with no more than two chunks in memory.
"""

import asyncio
import mimetypes
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from email.utils import format_datetime
from typing import BinaryIO

from marketplace.api.data.ranges import Span, Unsatisfiable, is_unchanged, read_span
from marketplace.api.data.replies import Reply, Send, encode_headers, send_reply
from marketplace.api.data.requests import DataRequest
from marketplace.api.data.threads import use_disk
from marketplace.api.data.uploads import Receive
from marketplace.datasets.contents import find_local_path, open_reader
from marketplace.datasets.models import File

SendPart = Callable[[int, int, int], Awaitable[bool]]
"""Takes an open file, the first byte and the one after the last; False if the client went away meanwhile."""
SENDFILE = "agora.sendfile"
"""The extension of ASGI by which our server offers it (marketplace/gateway/file_sending.py)."""
CHUNK_BYTES = 1 << 19
ALWAYS = {
    "x-data-type": "file",
    "accept-ranges": "bytes",
    "cache-control": "private, no-cache",
    # The bytes are strangers', at the platform's own address: a browser must not run them there.
    "content-security-policy": "sandbox; default-src 'none'",
    "x-content-type-options": "nosniff",
}


async def send_file(file: File, request: DataRequest, receive: Receive, send: Send, send_part: SendPart | None) -> None:
    """Answers with the file, or the part that is asked for. Raises OSError.

    `send_part` is the server's own way to send a part of a file on this machine, if it has one.
    """
    headers = _describe(file)
    etag, size = headers["etag"], file.content.size or 0
    if is_unchanged(request.headers, etag=etag, modified_at=file.modified_at):
        await send({"type": "http.response.start", "status": 304, "headers": encode_headers(headers)})
        await send({"type": "http.response.body"})
        return
    try:
        span = read_span(request.headers, size=size, etag=etag, modified_at=file.modified_at)
    except Unsatisfiable:
        await send_reply(Reply(416, b"", {**headers, "content-range": f"bytes */{size}"}), send, head_only=True)
        return
    start, end = span or (0, size)
    headers["content-length"] = str(end - start)
    if span:
        headers["content-range"] = f"bytes {start}-{end - 1}/{size}"
    head = {"type": "http.response.start", "status": 206 if span else 200, "headers": encode_headers(headers)}
    if request.method == "HEAD":
        await send(head)
        await send({"type": "http.response.body"})
    else:
        await _send_content(file, (start, end), head, receive, send, send_part)


def _describe(file: File) -> dict[str, str]:
    kind, encoding = mimetypes.guess_type(file.name)
    if kind is None or encoding is not None:
        kind = "application/octet-stream"
    return {
        "content-type": f"{kind}; charset=utf-8" if kind.startswith("text/") else kind,
        "etag": f'"{file.content_id.hex}"',
        "last-modified": format_datetime(file.modified_at, usegmt=True),
        **ALWAYS,
    }


async def _send_content(
    file: File, span: Span, head: Mapping[str, object], receive: Receive, send: Send, send_part: SendPart | None
) -> None:
    reader = await use_disk(open_reader, file.content_id)
    gone = asyncio.create_task(_wait_until_gone(receive))
    try:
        await use_disk(reader.seek, span[0])
        await send(dict(head))
        if send_part is None or find_local_path(file.content_id) is None:
            await _send_chunks(reader, span[1] - span[0], gone, send)
        elif await send_part(reader.fileno(), *span):
            await send({"type": "http.response.body"})
        else:
            await gone
    finally:
        gone.cancel()
        with suppress(asyncio.CancelledError):
            await gone
        await use_disk(reader.close)


async def _send_chunks(reader: BinaryIO, left: int, gone: "asyncio.Task[None]", send: Send) -> None:
    """The server sends one chunk while the next one is read, and waits with that for the client."""
    if not left:
        await send({"type": "http.response.body"})
    while left and not gone.done():
        chunk = await use_disk(reader.read, min(left, CHUNK_BYTES))
        if not chunk:
            raise OSError("a content is shorter than its row says")
        left -= len(chunk)
        await send({"type": "http.response.body", "body": chunk, "more_body": left > 0})


async def _wait_until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
