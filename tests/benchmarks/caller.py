"""One caller over one kept-alive connection. Small, so that the time measured is the server's."""

import re
import socket
import time
from types import TracebackType
from typing import Self

from tests.benchmarks.target import Target

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
PATIENCE = 30.0


class Caller:
    """Calls one target, one call after the other."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._request = target.request
        self._socket = socket.create_connection(("127.0.0.1", target.port), PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._socket.close()

    def milliseconds(self, calls: int) -> list[float]:
        """How long each of so many calls took. Raises ValueError when one was not answered with the echo."""
        times, answers = [], []
        for _ in range(calls):
            started = time.perf_counter_ns()
            self._socket.sendall(self._request)
            answers.append(self._read())
            times.append((time.perf_counter_ns() - started) / 1e6)
        for answer in answers:
            self._target.check(answer)
        return times

    def _read(self) -> bytes:
        """The body of one answer, which must name its length."""
        received = self._socket.recv(1 << 16)
        while (end := received.find(b"\r\n\r\n")) < 0:
            received += self._more()
        found = LENGTH.search(received[: end + 2])
        if not found or not received.startswith(b"HTTP/1.1 200"):
            raise ValueError(f"{self._target.name} answered {received[:300]!r}")
        while len(received) < end + 4 + int(found[1]):
            received += self._more()
        return received[end + 4 :]

    def _more(self) -> bytes:
        chunk = self._socket.recv(1 << 16)
        if not chunk:
            raise ValueError(f"{self._target.name} closed the connection")
        return chunk
