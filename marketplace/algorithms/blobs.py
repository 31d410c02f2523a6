"""Sources and artifacts in object storage (django-storages), named for their content."""

import hashlib
from typing import BinaryIO

from django.core.files import File
from django.core.files.storage import default_storage

CHUNK_BYTES = 1024 * 1024


def source_name(source_hash: str) -> str:
    """Name in object storage of an uploaded archive."""
    return f"sources/{source_hash}.tar.gz"


def artifact_name(digest: str) -> str:
    """Name in object storage of a built artifact."""
    return f"artifacts/{digest}.tar"


def hash_blob(content: BinaryIO) -> tuple[str, int]:
    """SHA-256 (hex) and size in bytes; leaves `content` at its start."""
    digest, size = hashlib.sha256(), 0
    content.seek(0)
    while chunk := content.read(CHUNK_BYTES):
        digest.update(chunk)
        size += len(chunk)
    content.seek(0)
    return digest.hexdigest(), size


def store_blob(name: str, content: BinaryIO, size: int) -> None:
    """Stores `content` under the name of its hash. Safe to repeat, and mends what a crash left half written."""
    if default_storage.exists(name):
        if default_storage.size(name) == size:
            return
        default_storage.delete(name)
    saved = default_storage.save(name, File(content, name))
    if saved != name:  # someone else stored the same content meanwhile
        default_storage.delete(saved)


def open_artifact(digest: str) -> BinaryIO:
    """The artifact's tar, to read. Raises FileNotFoundError."""
    return default_storage.open(artifact_name(digest))
