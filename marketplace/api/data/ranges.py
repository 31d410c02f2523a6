"""Which part of a file a request asks for, and whether it has it already (RFC 9110). Pure."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

Span = tuple[int, int]
"""From the first byte to before the last."""
RANGE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})")


class Unsatisfiable(Exception):
    """The range begins behind the end."""


def is_unchanged(headers: Mapping[str, str], *, etag: str, modified_at: datetime) -> bool:
    """Whether the client has this version already. An If-None-Match makes If-Modified-Since of no account."""
    if (held := headers.get("if-none-match")) is not None:
        return held.strip() == "*" or etag in {tag.strip().removeprefix("W/") for tag in held.split(",")}
    since = _read_date(headers.get("if-modified-since"))
    return since is not None and modified_at.replace(microsecond=0) <= since


def read_span(headers: Mapping[str, str], *, size: int, etag: str, modified_at: datetime) -> Span | None:
    """The one range that is asked for, if it is of this version. None is all: for no range, several, or nonsense.

    Raises Unsatisfiable.
    """
    found = RANGE.fullmatch(headers.get("range", "").strip())
    if found is None or found[0] == "bytes=-" or not _is_same_version(headers.get("if-range"), etag, modified_at):
        return None
    if not found[1]:
        return _check((max(0, size - int(found[2])), size))
    start, end = int(found[1]), min(size, int(found[2]) + 1) if found[2] else size
    if found[2] and int(found[2]) < start:
        return None
    return _check((start, end))


def _check(span: Span) -> Span:
    if span[0] >= span[1]:
        raise Unsatisfiable
    return span


def _is_same_version(condition: str | None, etag: str, modified_at: datetime) -> bool:
    if condition is None:
        return True
    if condition.startswith(('"', "W/")):
        return condition == etag
    return _read_date(condition) == modified_at.replace(microsecond=0)


def _read_date(text: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(text).replace(tzinfo=UTC) if text else None
    except (ValueError, IndexError, OverflowError):
        return None
