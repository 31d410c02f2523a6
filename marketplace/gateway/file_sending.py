"""Sends a part of a file from the kernel's cache to a connection: no byte of it comes into this process."""

import asyncio
import os
import select
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

EXTENSION = "agora.sendfile"
"""The key in an ASGI scope's `extensions`."""
AT_ONCE = 32 << 20
"""Bytes that one client may keep a thread busy with."""
PATIENCE_MS = 20
"""How long a thread waits for a client to read; then the loop does."""
FLUSH_SECONDS = 0.002

_threads = ThreadPoolExecutor(8, "sendfile")


class FileSender:
    """For one request, whose connection it uses behind uvicorn's back."""

    def __init__(self, cycle: Any) -> None:
        """`cycle` is uvicorn's RequestResponseCycle."""
        self._cycle = cycle

    async def __call__(self, file: int, start: int, end: int) -> bool:
        """Sends these bytes of an open file; False if the client went away. Raises OSError if the file has less.

        Between the first message of an answer that has a content length and its last one, which has no body.
        """
        while self._cycle.transport.get_write_buffer_size() and not self._cycle.disconnected:  # noqa: ASYNC110 - no event
            await asyncio.sleep(FLUSH_SECONDS)
        if self._cycle.disconnected:
            return False
        connection = os.dup(
            self._cycle.transport.get_extra_info("socket").fileno()
        )  # ours, though uvicorn close its own
        try:
            return await self._send(connection, file, start, end)
        except ConnectionError:
            return False
        finally:
            os.close(connection)

    async def _send(self, connection: int, file: int, start: int, end: int) -> bool:
        loop = asyncio.get_running_loop()
        while start < end and not self._cycle.disconnected:
            work = partial(_send_some, connection, file, start, min(end - start, AT_ONCE))
            sent = await _finish(loop.run_in_executor(_threads, work))
            start += sent
            self._cycle.expected_content_length -= sent
            if not sent:
                await _wait_until_writable(loop, connection)
        return start == end


async def _finish(working: "asyncio.Future[int]") -> int:
    """What it answers; also when cancelled, it is over first, since what it works on is closed then."""
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        await asyncio.wait({working})
        raise


async def _wait_until_writable(loop: asyncio.AbstractEventLoop, connection: int) -> None:
    writable = loop.create_future()
    loop.add_writer(connection, lambda: writable.done() or writable.set_result(None))
    try:
        await writable
    finally:
        loop.remove_writer(connection)


def _send_some(connection: int, file: int, start: int, count: int) -> int:
    """As many bytes as a client takes that keeps reading; 0 if it takes none now. Raises OSError."""
    poll, sent = select.poll(), 0
    poll.register(connection, select.POLLOUT)
    while sent < count:
        try:
            last = os.sendfile(connection, file, start + sent, count - sent)
        except BlockingIOError:
            if not poll.poll(PATIENCE_MS):
                break
            continue
        if last == 0:
            raise OSError("a file is shorter than it was said to be")
        sent += last
    return sent
