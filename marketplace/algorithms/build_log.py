"""The log of a build, written to its row while the build goes on, so that pages can follow it."""

import time
import uuid

from django.db.models import F, TextField, Value
from django.db.models.functions import Concat

from marketplace.algorithms.models import Build

FLUSH_SECONDS = 0.5
FLUSH_LINES = 200
LARGEST_LOG_CHARACTERS = 1_000_000
CUT = "… the log goes on, but no more of it is kept.\n"


class BuildLog:
    """Takes lines, and appends them in batches."""

    def __init__(self, build_id: uuid.UUID) -> None:
        self._build_id = build_id
        self._lines: list[str] = []
        self._room = LARGEST_LOG_CHARACTERS
        self._flushed_at = time.monotonic()

    def append(self, line: str) -> None:
        """Takes one line, without its newline."""
        if self._room <= 0:
            return
        text = line.replace("\x00", "�") + "\n"
        self._room -= len(text)
        self._lines.append(text if self._room > 0 else CUT)
        if len(self._lines) >= FLUSH_LINES or time.monotonic() - self._flushed_at > FLUSH_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Writes what is waiting."""
        if self._lines:
            text = Value("".join(self._lines), output_field=TextField())
            Build.objects.filter(pk=self._build_id).update(log=Concat(F("log"), text))
        self._lines.clear()
        self._flushed_at = time.monotonic()
