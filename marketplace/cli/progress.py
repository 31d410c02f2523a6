"""What `agora up` shows: one line per step with its seconds, one line per event."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import click

WIDTH = 58


class Progress:
    """Prints to standard output; a reader that went away is not an error."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._terminal = sys.stdout.isatty()

    @contextmanager
    def step(self, text: str) -> Iterator[None]:
        """Shows the step while it goes on, at a terminal, and a tick with its seconds when it is done."""
        if self._terminal:
            self._write(f"  … {text}", end="\r")
        started = time.monotonic()
        yield
        self.done(text, time.monotonic() - started)

    def done(self, text: str, seconds: float) -> None:
        """A step that took so long."""
        tick = click.style("✓", fg="green")
        self._write(f"  {tick} {text:<{WIDTH}} {seconds:6.1f} s")

    def event(self, text: str) -> None:
        """Something the operator should know of, with the time of day."""
        self._write(f"{time.strftime('%H:%M:%S')}  {text}")

    def text(self, text: str = "") -> None:
        """A line as it is."""
        self._write(text)

    def _write(self, text: str, end: str = "\n") -> None:
        with self._lock, suppress(OSError, ValueError):
            click.echo(text + end, nl=False)
