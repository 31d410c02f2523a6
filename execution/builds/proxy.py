"""The only way out of a download: a forward proxy that reaches package indexes, and nothing else.

It runs in a thread of the builder, and listens at a socket that a sandbox has opened inside and handed out
(`listen_inside.py`). Names are looked up here, so that the sandbox needs no resolver, and only those that may be
reached. Where the machine itself has a proxy (`HTTPS_PROXY`), it goes through that.
"""

import asyncio
import base64
import socket
import threading
from collections.abc import AsyncIterator, Iterator, Set
from contextlib import asynccontextmanager, contextmanager, suppress
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies_environment, proxy_bypass_environment  # type: ignore[attr-defined]

LARGEST_HEAD = 1 << 16
READ_SIZE = 1 << 16
CONNECT_SECONDS = 30.0
MOST_AT_ONCE = 128
PORTS = {"http": 80, "https": 443}
LEFT_OUT = (b"proxy-", b"connection:", b"keep-alive:")
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Proxy:
    """Reaches these places, each a host:port, in whatever network they are; all, when that is None."""

    def __init__(self, places: Set[str] | None) -> None:
        self._places = places
        self.reached: set[str] = set()
        self.refused: dict[str, str] = {}
        """Why, by place."""

    def serve(self, channel: socket.socket) -> None:
        """Until the other end of the channel is closed; the listener comes over it."""
        with channel:
            _, descriptors, _, _ = socket.recv_fds(channel, 1, 1, socket.MSG_CMSG_CLOEXEC)
            if descriptors:
                asyncio.run(self._serve(channel, socket.socket(fileno=descriptors[0])))

    async def _serve(self, channel: socket.socket, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        channel.setblocking(False)
        room = asyncio.Semaphore(MOST_AT_ONCE)

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            async with room, _closing(writer):
                with suppress(OSError, EOFError, ValueError, asyncio.LimitOverrunError):
                    await self._answer(reader, writer)

        server = await asyncio.start_server(answer, sock=listener, limit=LARGEST_HEAD)
        await loop.sock_recv(channel, 1)
        server.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        method, target, _ = head.split(b"\r\n", 1)[0].decode("ascii").split(" ")
        place = urlsplit(f"https://{target}" if method == "CONNECT" else target)
        host, port = place.hostname or "", place.port or PORTS[place.scheme]
        problem = self._why_not(f"{host}:{port}")
        if not problem:
            try:
                inner = await _connect(place, host, port)
            except (OSError, EOFError, TimeoutError) as error:
                problem = str(error)
        if problem:
            writer.write(f"HTTP/1.1 403 Forbidden\r\nContent-Length: {len(problem)}\r\n\r\n{problem}".encode())
            await writer.drain()
            return
        self.reached.add(f"{host}:{port}")
        async with _closing(inner[1]):
            if method == "CONNECT":
                writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
            else:
                inner[1].write(_for_one_answer(head, method, place))
            await asyncio.gather(_copy(reader, inner[1]), _copy(inner[0], writer))

    def _why_not(self, place: str) -> str:
        if self._places is None or place in self._places:
            return ""
        return self.refused.setdefault(place, f"Refused: {place} is no package index of this platform.")


@contextmanager
def proxying(proxy: Proxy) -> Iterator[socket.socket]:
    """The socket to hand to `listen_inside.py` as its standard input; when this ends, so does what the proxy does."""
    ours, theirs = socket.socketpair()
    thread = threading.Thread(target=proxy.serve, args=(ours,), name="proxy")
    thread.start()
    try:
        yield theirs
    finally:
        theirs.close()
        thread.join()


async def _connect(place: SplitResult, host: str, port: int) -> Streams:
    outer = getproxies_environment().get(place.scheme)
    async with asyncio.timeout(CONNECT_SECONDS):
        if outer and not proxy_bypass_environment(host):
            return await _connect_through(urlsplit(outer), host, port)
        return await asyncio.open_connection(host, port)


def _for_one_answer(head: bytes, method: str, place: SplitResult) -> bytes:
    """The head of a request as the server gets it, which closes the connection after its answer."""
    lines = [line for line in head[:-4].split(b"\r\n")[1:] if not line.lower().startswith(LEFT_OUT)]
    path = (place.path or "/") + (f"?{place.query}" if place.query else "")
    return b"\r\n".join([f"{method} {path} HTTP/1.1".encode("ascii"), *lines, b"Connection: close", b"", b""])


async def _connect_through(outer: SplitResult, host: str, port: int) -> Streams:
    reader, writer = await asyncio.open_connection(outer.hostname, outer.port or 80)
    head = f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n"
    if outer.username:
        pair = f"{unquote(outer.username)}:{unquote(outer.password or '')}"
        head += f"Proxy-Authorization: Basic {base64.b64encode(pair.encode()).decode()}\r\n"
    try:
        writer.write(f"{head}\r\n".encode())
        answer = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n", 1)[0].decode("latin-1")
        if answer.split(" ")[1:2] != ["200"]:
            raise ConnectionRefusedError(f"The machine's own proxy says: {answer}")
    except BaseException:
        writer.close()
        raise
    return reader, writer


@asynccontextmanager
async def _closing(writer: asyncio.StreamWriter) -> AsyncIterator[None]:
    """Whatever ends it, the end of the download too."""
    try:
        yield
    finally:
        writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(READ_SIZE):
            writer.write(data)
            await writer.drain()
    writer.close()
