"""Inputs and answers of calls that may wait: in their rows when small, in object storage otherwise."""

import uuid
from typing import Literal

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from marketplace.invocations.models import AsyncCall

LARGEST_IN_ROW = 64 << 10
"""Bytes."""
Part = Literal["input", "answer"]


def store_content(call_id: uuid.UUID, part: Part, content: bytes) -> bytes | None:
    """What goes into the row: the content, or None for one that is in object storage now."""
    if len(content) <= LARGEST_IN_ROW:
        return content
    name = _name(call_id, part)
    default_storage.delete(name)  # of a worker that died before it noted it
    default_storage.save(name, ContentFile(content))
    return None


def read_content(call: AsyncCall, part: Part) -> bytes:
    """The whole content."""
    held: bytes | memoryview | None = getattr(call, part)
    if held is not None:
        return bytes(held)
    with default_storage.open(_name(call.id, part)) as stored:
        return bytes(stored.read())


def delete_contents(call_id: uuid.UUID) -> None:
    """Gives the storage of a call's content back. Safe to repeat."""
    for part in ("input", "answer"):
        default_storage.delete(_name(call_id, part))


def _name(call_id: uuid.UUID, part: str) -> str:
    return f"calls/{call_id.hex[:2]}/{call_id}.{part}"
