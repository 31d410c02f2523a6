"""The log of a build, written to its row while the build goes on, so that pages can follow it."""

import logging
import time
import uuid
from typing import TypedDict

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db.models import F, TextField, Value
from django.db.models.functions import Concat, Length, Substr
from redis.exceptions import RedisError

from marketplace.algorithms.build_queue import place_in_queue
from marketplace.algorithms.models import Build, BuildState
from marketplace.algorithms.selectors import list_owned_algorithms
from marketplace.errors import NotFound
from marketplace.organizations.selectors import AccessibleOrganization

logger = logging.getLogger(__name__)

FLUSH_SECONDS = 0.5
FLUSH_LINES = 200
LARGEST_LOG_CHARACTERS = 1_000_000
LARGEST_PART_CHARACTERS = 100_000
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

    def close(self) -> None:
        """Writes what is waiting; nothing more will come, and who waits for that is told with the build's state."""
        self._write()

    def flush(self) -> None:
        """Writes what is waiting, and says so."""
        if self._write():
            tell_readers(self._build_id)

    def _write(self) -> bool:
        text = "".join(self._lines)
        if text:
            more = Value(text, output_field=TextField())
            Build.objects.filter(pk=self._build_id).update(log=Concat(F("log"), more))
        self._lines.clear()
        self._flushed_at = time.monotonic()
        return bool(text)


class LogPart(TypedDict):
    """What a page that has the log up to `start` is told. Positions count characters, as PostgreSQL does."""

    start: int
    text: str
    end: int
    attempt: int
    state: str
    place: int
    """How many builds are before it in the queue, and it; 0 when it does not wait."""
    over: bool
    """Whether nothing more will come."""


def read_log_part(*, scope: AccessibleOrganization, build_id: uuid.UUID, start: int, attempt: int) -> LogPart:
    """The log from `start`, or from its beginning when it is another attempt's by now. Raises NotFound."""
    rows = Build.objects.filter(pk=build_id, algorithm__in=list_owned_algorithms(scope=scope))
    rows = rows.annotate(length=Length("log"), part=Substr("log", start + 1, LARGEST_PART_CHARACTERS))
    row = rows.values("state", "attempts", "length", "part").first()
    if row is None:
        raise NotFound("There is no such build.")
    if start and (row["attempts"] != attempt or row["length"] < start):
        return read_log_part(scope=scope, build_id=build_id, start=0, attempt=row["attempts"])
    end = start + len(row["part"])
    return {
        "start": start,
        "text": row["part"],
        "end": end,
        "attempt": row["attempts"],
        "state": row["state"],
        "place": place_in_queue(build_id) if row["state"] == BuildState.QUEUED else 0,
        "over": row["state"] not in (BuildState.QUEUED, BuildState.BUILDING) and end == row["length"],
    }


def notices_of(build_id: uuid.UUID) -> str:
    """The group of channels that are told when there is something new to read."""
    return f"build.{build_id}"


def tell_readers(build_id: uuid.UUID) -> None:
    """Says that the build has changed. Those whom a lost notice does not reach look again by themselves."""
    try:
        async_to_sync(get_channel_layer().group_send)(notices_of(build_id), {"type": "live.changed"})
    except (RedisError, OSError):
        logger.warning("Readers of build %s could not be told", build_id)
