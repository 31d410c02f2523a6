"""What a slot prints: drained all the time, so that printing never blocks it, and all but the end forgotten."""

import asyncio
import os

from execution.protocol.redaction import Redactor

READ_SIZE = 1 << 16
TAIL_SIZE = 4096
HEARD_SIZE = 256 << 10
"""What is kept of one call, for a caller who asked for it; the rest is left out."""
LEFT_OUT = b"\n... more was printed, and is left out\n"
LAST_READS = 16
"""When the slot has ended, at most this many full reads: something that escaped its death could write for ever."""


class LogTail:
    """The last lines that came through a pipe, in at most TAIL_SIZE bytes."""

    def __init__(self, descriptor: int) -> None:
        """Owns the descriptor, which must not block."""
        self._descriptor = descriptor
        self._tail = b""
        self._cut = False
        self._heard: bytes | None = None
        """What was printed since somebody listens; None when nobody does."""
        self._redactor = Redactor()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(descriptor, self._drain)

    def hide(self, redactor: Redactor) -> None:
        """From now on its values are left out of what is kept."""
        self._redactor = redactor

    def text(self) -> str:
        """Whole lines where possible, the last one at the end."""
        _, newline, rest = self._tail.partition(b"\n")
        lines = rest if self._cut and newline and rest else self._tail
        return lines.decode(errors="replace")

    def read(self, *, listen: bool) -> str:
        """What was printed since the last read, if that one was to listen. This one ends what it printed so far."""
        self._drain_all()
        heard, self._heard = self._heard or b"", b"" if listen else None
        return self._redactor.strip(heard).decode(errors="replace")

    def close(self) -> None:
        """Reads what is still in the pipe and gives the descriptor up. Harmless when repeated."""
        self._drain_all()
        self._stop()

    def _drain_all(self) -> None:
        for _ in range(LAST_READS):
            if not self._drain():
                break

    def _drain(self) -> bool:
        """One read per turn of the loop, for the others' sake; False when there is nothing more now."""
        if self._descriptor < 0:
            return False
        try:
            data = os.read(self._descriptor, READ_SIZE)
        except BlockingIOError:
            return False
        if not data:
            self._stop()
            return False
        self._keep(data)
        return True

    def _keep(self, data: bytes) -> None:
        joined = self._redactor.strip(self._tail + data)  # before it is cut: half of a secret is not recognized
        self._cut |= len(joined) > TAIL_SIZE
        self._tail = joined[-TAIL_SIZE:]
        if self._heard is not None and len(self._heard) < HEARD_SIZE:
            self._heard += data
            if len(self._heard) >= HEARD_SIZE:
                self._heard = self._redactor.strip(self._heard)[:HEARD_SIZE] + LEFT_OUT

    def _stop(self) -> None:
        if self._descriptor >= 0:
            self._loop.remove_reader(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = -1
