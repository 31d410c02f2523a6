"""PUT: from the connection to object storage in large batches, with no more than two of them in memory."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from rest_framework import status
from rest_framework.exceptions import APIException

from marketplace.api.data.replies import Reply, reply_with_json
from marketplace.api.data.requests import DataRequest
from marketplace.api.data.threads import ask_database, use_disk
from marketplace.datasets.permissions import Actor
from marketplace.datasets.places import find_place
from marketplace.datasets.uploads import Upload, abandon_upload, begin_upload, check_size, explain, finish_upload

BATCH_BYTES = 1 << 20
BATCH_CHUNKS = 512
"""The system takes no more than 1,024 at once."""
STALL_SECONDS = 60.0

Receive = Callable[[], Awaitable[dict[str, Any]]]


class ClientGone(Exception):
    """There is nobody to answer."""


class Stalled(APIException):
    """The client sends nothing for STALL_SECONDS."""

    status_code = status.HTTP_408_REQUEST_TIMEOUT
    default_code = "timeout"
    default_detail = f"Nothing came for {STALL_SECONDS:.0f} s: nothing was changed."


async def receive_file(actor: Actor | None, request: DataRequest, receive: Receive) -> Reply:
    """Raises MarketplaceError, ClientGone, Stalled; then nothing has changed."""
    upload = await ask_database(_begin, actor, request)
    try:
        size = await _write(upload, receive)
        uri = await ask_database(finish_upload, upload, size)
    except BaseException:
        await asyncio.shield(ask_database(abandon_upload, upload))
        raise
    return reply_with_json({"result": uri})


def _begin(actor: Actor | None, request: DataRequest) -> Upload:
    place = find_place(actor, request.named, to_write=True)
    return begin_upload(actor=actor, place=place, size=request.size)


async def _write(upload: Upload, receive: Receive) -> int:
    """Answers how many bytes there were."""
    batches = _Batches(upload)
    try:
        async with asyncio.timeout(STALL_SECONDS) as stall:
            while await batches.take(await receive()):
                stall.reschedule(asyncio.get_running_loop().time() + STALL_SECONDS)
        await use_disk(upload.writer.finish)
        return batches.size
    except TimeoutError:
        raise Stalled from None
    except OSError as error:
        raise explain(error) from error
    finally:
        await batches.settle()


class _Batches:
    """One batch is filled while the one before it is written."""

    def __init__(self, upload: Upload) -> None:
        self.size = 0
        self._upload = upload
        self._chunks: list[bytes] = []
        self._bytes = 0
        self._writing: asyncio.Future[None] | None = None

    async def take(self, message: dict[str, Any]) -> bool:
        """Whether there is more to come. Raises ClientGone, TooLarge, OSError."""
        if message["type"] == "http.disconnect":
            raise ClientGone
        chunk, more = message.get("body", b""), bool(message.get("more_body"))
        if chunk:
            self._chunks.append(chunk)
            self._bytes += len(chunk)
            self.size += len(chunk)
        if self._bytes >= BATCH_BYTES or len(self._chunks) >= BATCH_CHUNKS or not more:
            await self._write()
        if not more:
            await self._wait()
        return more

    async def _write(self) -> None:
        check_size(self.size)
        await self._wait()
        chunks, self._chunks, self._bytes = self._chunks, [], 0
        if chunks:
            self._writing = use_disk(self._upload.writer.write, chunks)

    async def _wait(self) -> None:
        if self._writing is not None:
            await asyncio.shield(self._writing)
            self._writing = None

    async def settle(self) -> None:
        """Returns when nothing is being written any more."""
        if self._writing is not None:
            await asyncio.gather(self._writing, return_exceptions=True)
