"""Callers that never give up, and remember exactly what they received."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

CALL_ID = b"x-agora-call-id: "
COST = b"x-agora-cost: "
BELOW = "below"
"""Where a result of tests/algorithms/tree_python says which calls it received in its turn, and for how much."""
PAUSE_SECONDS = 0.05
"""Before a caller connects anew, and after an answer that asks for patience."""
PATIENCE_SECONDS = 30.0


@dataclass
class Received:
    """What came back whole: ids of calls that were answered with a result, and with a failure."""

    results: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    refusals: int = 0
    """Answers without a call: nothing was run, nothing is owed."""
    broken: int = 0
    """Requests whose connection ended before their answer was there."""
    unreachable: int = 0
    """Attempts to connect that failed."""
    prices: dict[str, int] = field(default_factory=dict)
    """What each answer said that its call cost, in micro-credits, by the call's id."""

    @property
    def answered(self) -> int:
        return len(self.results) + len(self.failures)


class Load:
    """Callers that send one request after the other until stop()."""

    def __init__(self, address: str, callers: Sequence[Iterator[bytes]], *, pause: float = 0.0) -> None:
        """Each caller has a connection, and gives the requests that go over it; `pause` seconds lie between two."""
        parts = urlsplit(address)
        self._host, self._port = str(parts.hostname), int(parts.port or 80)
        self._callers = callers
        self._pause = pause
        self._wanted = True
        self.received = Received()

    async def run(self) -> None:
        """Calls until stop(); then every caller ends with the answer to its last request."""
        await asyncio.gather(*(self._call_for_ever(requests) for requests in self._callers))

    def stop(self) -> None:
        self._wanted = False

    async def _call_for_ever(self, requests: Iterator[bytes]) -> None:
        while self._wanted:
            try:
                connection = await asyncio.open_connection(self._host, self._port)
            except OSError:
                self.received.unreachable += 1
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            try:
                await self._call_on_one_connection(requests, *connection)
            except (OSError, asyncio.IncompleteReadError, TimeoutError):
                self.received.broken += 1
                await asyncio.sleep(PAUSE_SECONDS)

    async def _call_on_one_connection(
        self, requests: Iterator[bytes], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            while self._wanted:
                writer.write(next(requests))
                async with asyncio.timeout(PATIENCE_SECONDS):
                    head = await reader.readuntil(b"\r\n\r\n")
                    body = await reader.readexactly(_length(head))
                called = self._note(head.lower(), body)
                await asyncio.sleep(self._pause if called else PAUSE_SECONDS)
                if b"connection: close" in head.lower():
                    return
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    def _note(self, head: bytes, body: bytes) -> bool:
        """Remembers the answer; whether it was one to a call."""
        if CALL_ID not in head:
            self.received.refusals += 1
            return False
        call_id = _header(head, CALL_ID)
        answer = json.loads(body)
        ids = self.received.results if "result" in answer else self.received.failures
        ids.append(call_id)
        self.received.prices[call_id] = int(_header(head, COST))
        result = answer.get("result")
        for below, price in result.get(BELOW, ()) if isinstance(result, dict) else ():
            self.received.results.append(below)
            self.received.prices[below] = price
        return True


def write_call(path: str, body: bytes, key: str) -> bytes:
    """The request that calls the algorithm at a path with JSON."""
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    return f"{head}Authorization: Simple {key}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def _header(head: bytes, name: bytes) -> str:
    return head.split(name, 1)[1].split(b"\r\n", 1)[0].strip().decode()


def _length(head: bytes) -> int:
    return int(head.lower().split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
