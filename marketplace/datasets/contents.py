"""The bytes of hosted data in object storage (the alias `datasets`), named by ids, never by what people call them."""

import os
import uuid
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Protocol

from django.core.files.storage import Storage, storages

ALIAS = "datasets"


class ContentWriter(Protocol):
    """Takes a content's bytes, in order. Raises OSError."""

    def write(self, chunks: Sequence[bytes]) -> None:
        """Appends all of them."""

    def finish(self) -> None:
        """When it returns, the bytes outlive a loss of power."""

    def abandon(self) -> None:
        """Nothing of it remains. Safe after `finish` too."""


def content_name(content_id: uuid.UUID) -> str:
    """The name in object storage."""
    return f"{content_id.hex[:2]}/{content_id.hex[2:4]}/{content_id.hex}"


def open_writer(content_id: uuid.UUID) -> ContentWriter:
    """For a new content. Raises OSError."""
    path = find_local_path(content_id)
    return _StorageWriter(content_name(content_id)) if path is None else _FileWriter(path)


def open_reader(content_id: uuid.UUID) -> BinaryIO:
    """Seekable. Raises OSError."""
    path = find_local_path(content_id)
    return _storage().open(content_name(content_id)) if path is None else path.open("rb", buffering=0)


def delete_content(content_id: uuid.UUID) -> None:
    """Safe to repeat. Raises OSError."""
    _storage().delete(content_name(content_id))


def find_local_path(content_id: uuid.UUID) -> Path | None:
    """Where the bytes lie on this machine; None if the storage is elsewhere."""
    try:
        return Path(_storage().path(content_name(content_id)))
    except NotImplementedError:
        return None


class _FileWriter:
    """Without the copies that a buffer would make: the chunks go to the kernel as they came."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)

    def write(self, chunks: Sequence[bytes]) -> None:
        if (written := os.writev(self._file, chunks)) < (size := sum(map(len, chunks))):
            rest = memoryview(b"".join(chunks))
            while written < size:
                written += os.write(self._file, rest[written:])

    def finish(self) -> None:
        os.fdatasync(self._file)
        self._close()
        for folder in self._path.parents[:3]:  # each may be new
            _sync_folder(folder)

    def abandon(self) -> None:
        self._close()
        self._path.unlink(missing_ok=True)

    def _close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


class _StorageWriter:
    """Through the file that the backend opens; what is half written has a name that no row ever will have."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._file = _storage().open(name, "wb")

    def write(self, chunks: Sequence[bytes]) -> None:
        self._file.write(b"".join(chunks))

    def finish(self) -> None:
        self._file.close()

    def abandon(self) -> None:
        with suppress(OSError):
            self._file.close()
        _storage().delete(self._name)


def _sync_folder(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _storage() -> Storage:
    return storages[ALIAS]
