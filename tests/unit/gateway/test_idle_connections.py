"""How long a connection is kept: uvicorn's server, on a port of this machine."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn

from marketplace.gateway.idle_connections import PatientProtocol

KEPT_SECONDS = 1
REQUEST = b"GET /%d HTTP/1.1\r\nHost: here\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"


async def answer(scope: Any, receive: Any, send: Any) -> None:
    """After as many tenths of a second as the path says."""
    await receive()
    await asyncio.sleep(int(scope["path"][1:]) / 10)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    config = uvicorn.Config(
        answer,
        port=0,
        http=PatientProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        server_header=False,
        date_header=False,
        timeout_keep_alive=KEPT_SECONDS,
    )
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    try:
        port = server.servers[0].sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        yield reader, writer
        writer.close()
        await writer.wait_closed()
    finally:
        await server.shutdown()


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, tenths: int = 0) -> None:
    writer.write(REQUEST % tenths)
    assert await asyncio.wait_for(reader.readexactly(len(ANSWER)), 20) == ANSWER


async def test_an_idle_connection_is_closed_a_while_after_its_last_answer() -> None:
    async with connected() as (reader, writer):
        await ask(reader, writer)
        await asyncio.sleep(0.6 * KEPT_SECONDS)
        await ask(reader, writer)
        last = asyncio.get_running_loop().time()
        assert await asyncio.wait_for(reader.read(), 20) == b""
        assert asyncio.get_running_loop().time() - last > 0.9 * KEPT_SECONDS


async def test_a_request_that_takes_longer_than_that_is_answered() -> None:
    async with connected() as (reader, writer):
        await ask(reader, writer)
        await ask(reader, writer, tenths=15 * KEPT_SECONDS)
        assert await asyncio.wait_for(reader.read(), 20) == b""


async def test_a_connection_that_ended_is_forgotten_at_once() -> None:
    async with connected() as (reader, writer):
        await ask(reader, writer)
        loop = asyncio.get_running_loop()
        assert _count_looks(loop) == 1
        writer.close()
        async with asyncio.timeout(20):
            while _count_looks(loop):  # noqa: ASYNC110 - nobody sets an event
                await asyncio.sleep(0.01)


def _count_looks(loop: asyncio.AbstractEventLoop) -> int:
    timers = loop._scheduled  # type: ignore[attr-defined]
    return sum("_close_if_idle_long" in repr(timer) and not timer.cancelled() for timer in timers)
