"""Packs what was built, so that the same content always gives the same bytes and therefore the same digest."""

import hashlib
import os
import stat
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from execution.builds.base import BuildLimits
from execution.builds.packages import Package
from execution.errors import BuildFailed


@dataclass(frozen=True)
class BuiltArtifact:
    """An uncompressed tar at `path`; `digest` is its SHA-256, hex. `packages` are those in it, by type and name."""

    path: Path
    digest: str
    packages: tuple[Package, ...] = ()


class _HashingWriter:
    """A file that is hashed while it is written."""

    def __init__(self, stream: IO[bytes], limit: int) -> None:
        self._stream = stream
        self._left = limit
        self.hash = hashlib.sha256()

    def write(self, data: bytes) -> int:
        self._left -= len(data)
        if self._left < 0:
            raise BuildFailed("The algorithm and its dependencies are too large: remove what it does not need.")
        self.hash.update(data)
        return self._stream.write(data)


def pack_artifact(tree: Path, path: Path, limits: BuildLimits, packages: Iterable[Package] = ()) -> BuiltArtifact:
    """Writes everything under `tree` to a tar at `path`. Raises BuildFailed when that is too large."""
    with path.open("wb") as stream:
        writer = _HashingWriter(stream, limits.artifact_bytes)
        with tarfile.open(fileobj=writer, mode="w|", format=tarfile.GNU_FORMAT) as tar:  # type: ignore[call-overload]
            for entry in _sorted_entries(tree):
                _add(tar, entry, entry.relative_to(tree).as_posix())
    found = sorted(packages, key=lambda one: (one.type, one.name, one.version))
    return BuiltArtifact(path, writer.hash.hexdigest(), tuple(found))


def _sorted_entries(folder: Path) -> Iterator[Path]:
    for entry in sorted(folder.iterdir()):
        yield entry
        if entry.is_dir() and not entry.is_symlink():
            yield from _sorted_entries(entry)


def _add(tar: tarfile.TarFile, entry: Path, name: str) -> None:
    member = tarfile.TarInfo(name)  # owner, group and time are 0 unless set
    status = entry.lstat()
    if stat.S_ISLNK(status.st_mode):
        member.type, member.linkname = tarfile.SYMTYPE, os.readlink(entry)  # noqa: PTH115 - the text itself, as tar keeps it
        member.mode = 0o777
        tar.addfile(member)
    elif stat.S_ISDIR(status.st_mode):
        member.type, member.mode = tarfile.DIRTYPE, 0o755
        tar.addfile(member)
    elif stat.S_ISREG(status.st_mode):
        member.size = status.st_size
        member.mode = 0o755 if status.st_mode & stat.S_IXUSR else 0o644
        with entry.open("rb") as content:
            tar.addfile(member, content)
