"""Callers that never give up, and remember exactly what they received."""

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

CALL_ID = b"x-agora-call-id: "
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

    @property
    def answered(self) -> int:
        return len(self.results) + len(self.failures)


class Load:
    """A number of connections that call one algorithm until stop()."""

    def __init__(self, address: str, algorithm: str, body: bytes, keys: list[str], connections: int) -> None:
        parts = urlsplit(address)
        self._host, self._port = str(parts.hostname), int(parts.port or 80)
        head = f"POST /v1/algo/{algorithm} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n"
        self._requests = [
            f"{head}Authorization: Simple {keys[number % len(keys)]}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            + body
            for number in range(connections)
        ]
        self._wanted = True
        self.received = Received()

    async def run(self) -> None:
        """Calls until stop(); then every caller ends with the answer to its last request."""
        await asyncio.gather(*(self._call_for_ever(request) for request in self._requests))

    def stop(self) -> None:
        self._wanted = False

    async def _call_for_ever(self, request: bytes) -> None:
        while self._wanted:
            try:
                await self._call_on_one_connection(request)
            except (OSError, asyncio.IncompleteReadError, TimeoutError):
                self.received.broken += 1
                await asyncio.sleep(PAUSE_SECONDS)

    async def _call_on_one_connection(self, request: bytes) -> None:
        reader, writer = await asyncio.open_connection(self._host, self._port)
        try:
            while self._wanted:
                writer.write(request)
                async with asyncio.timeout(PATIENCE_SECONDS):
                    head = await reader.readuntil(b"\r\n\r\n")
                    body = await reader.readexactly(_length(head))
                if not self._note(head.lower(), body):
                    await asyncio.sleep(PAUSE_SECONDS)
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
        call_id = head.split(CALL_ID, 1)[1].split(b"\r\n", 1)[0].strip().decode()
        ids = self.received.results if "result" in json.loads(body) else self.received.failures
        ids.append(call_id)
        return True


def _length(head: bytes) -> int:
    return int(head.lower().split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
