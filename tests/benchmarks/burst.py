"""A thousand callers at the same moment, of a version that has no slot."""

import selectors
import socket
import statistics
import time
from collections.abc import Callable
from contextlib import ExitStack

from tests.benchmarks.caller import LENGTH
from tests.benchmarks.platform_under_test import ALGORITHMS, PlatformUnderTest
from tests.benchmarks.target import Target

CALLS = 1_000
BURSTS = 5
PATIENCE = 30.0
REST_SECONDS = 2.0
"""Between bursts, for the warm pool."""
FIRST_MARK = 1_000
"""Of versions that no other part of the benchmark calls."""
Say = Callable[[str], None]


class _Waiting:
    """One caller, from its request to the end of its answer."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.received = b""
        self.sent_at = 0.0
        self.answered_at: float | None = None

    def send(self, request: bytes) -> None:
        self.sent_at = time.perf_counter()
        self.connection.sendall(request)

    def read(self) -> bool:
        """Whether the answer is whole, or will never be."""
        chunk = self.connection.recv(1 << 16)
        self.received += chunk
        head, end, body = self.received.partition(b"\r\n\r\n")
        found = LENGTH.search(head + b"\r\n")
        if end and found and len(body) >= int(found[1]):
            self.answered_at = time.perf_counter()
            return True
        return not chunk

    def check(self, target: Target) -> bool:
        """Whether the echo came back."""
        head, _, body = self.received.partition(b"\r\n\r\n")
        if self.answered_at is None or not head.startswith(b"HTTP/1.1 200"):
            return False
        target.check(body)
        return True


def measure_bursts(platform: PlatformUnderTest, say: Say) -> dict[str, float]:
    """Medians over the bursts; `lost` is the number of calls, of all bursts, that were not answered with the echo."""
    folder = ALGORITHMS / "echo_python"
    measured = []
    for number in range(BURSTS):
        target = platform.publish_changed("burst", folder, FIRST_MARK + number)
        time.sleep(REST_SECONDS)
        say(f"Burst {number + 1} of {BURSTS}")
        measured.append(_burst(target))
    return {
        "calls": CALLS,
        "lost": sum(burst["lost"] for burst in measured),
        **{
            name: round(statistics.median(burst[name] for burst in measured), 3)
            for name in ("sent_seconds", "p99_ms", "last_answer_seconds")
        },
    }


def _burst(target: Target) -> dict[str, float]:
    """All connections are there; then all requests are sent, and times count from the first of them."""
    with ExitStack() as stack:
        callers = [
            _Waiting(stack.enter_context(socket.create_connection(("127.0.0.1", target.port), PATIENCE)))
            for _ in range(CALLS)
        ]
        for caller in callers:
            caller.send(target.request)
        _wait(callers)
    answered = [caller for caller in callers if caller.check(target)]
    times = [caller.answered_at - caller.sent_at for caller in answered if caller.answered_at]
    began = callers[0].sent_at
    return {
        "lost": CALLS - len(answered),
        "sent_seconds": callers[-1].sent_at - began,
        "p99_ms": statistics.quantiles(times, n=100)[-1] * 1e3,
        "last_answer_seconds": max(caller.answered_at or 0.0 for caller in answered) - began,
    }


def _wait(callers: list[_Waiting]) -> None:
    """Until every caller has its answer, or patience is at its end."""
    deadline = time.monotonic() + PATIENCE
    with selectors.DefaultSelector() as selector:
        for caller in callers:
            selector.register(caller.connection, selectors.EVENT_READ, caller)
        while selector.get_map() and time.monotonic() < deadline:
            for key, _ in selector.select(timeout=1.0):
                if key.data.read():
                    selector.unregister(key.data.connection)
