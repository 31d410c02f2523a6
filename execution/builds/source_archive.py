"""Unpacks a source archive that a stranger sent: a gzip-compressed tar of plain files, folders and inner links.

Files are written before links are made, so that no file can be written through a link.
"""

import os
import stat
import tarfile
import zlib
from collections.abc import Iterator
from gzip import BadGzipFile
from gzip import open as open_gzip
from pathlib import Path, PurePosixPath
from typing import Protocol

from execution.builds.base import BuildLimits
from execution.errors import BuildFailed

ROOM_PER_FILE = 4_096
"""What a member may take in the archive beside its content: its headers and padding."""
COPY_BYTES = 1 << 20
HEADER_TYPES = frozenset(
    {tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE}
)
LARGEST_HEADER = 1 << 20
LONGEST_NAME, LONGEST_PART = 1_000, 255
"""Bytes of a path, and of one name in it, which is what file systems take."""


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class _BoundedReader:
    """Reads the decompressed archive and refuses to go on when there is more of it than allowed."""

    def __init__(self, stream: _Readable, limits: BuildLimits) -> None:
        self._stream = stream
        self._limits = limits
        self._left = limits.source_bytes + limits.source_files * ROOM_PER_FILE

    def read(self, size: int) -> bytes:
        data = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise too_large(self._limits)
        return data


class _BoundedMember(tarfile.TarInfo):
    """Refuses the long headers that tarfile would read into memory whole."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> "_BoundedMember":
        member = super().frombuf(buf, encoding, errors)
        if member.type in HEADER_TYPES and member.size > LARGEST_HEADER:
            raise BuildFailed("A file's header in the source is too large: pack it again with another program.")
        return member


def too_large(limits: BuildLimits) -> BuildFailed:
    return BuildFailed(f"The source is larger than {limits.source_bytes // 2**20} MiB unpacked.")


def unpack_source(archive: Path, folder: Path, limits: BuildLimits) -> None:
    """Unpacks `archive` into `folder`, which must be empty. Raises BuildFailed for an archive to be refused."""
    try:
        with open_gzip(archive) as stream:
            bounded = _BoundedReader(stream, limits)
            with tarfile.open(fileobj=bounded, mode="r|", tarinfo=_BoundedMember) as tar:  # type: ignore[call-overload]  # read() suffices
                _unpack_members(tar, folder, limits)
    except (tarfile.TarError, BadGzipFile, EOFError, zlib.error, UnicodeError) as error:
        raise BuildFailed("The source is not a readable .tar.gz archive.") from error


def _unpack_members(tar: tarfile.TarFile, folder: Path, limits: BuildLimits) -> None:
    links: list[tuple[Path, str]] = []
    for member, path in _accepted_members(tar, folder, limits):
        if member.isdir():
            _make_folder(path, member.name)
        elif member.issym():
            links.append((path, member.linkname))
        else:
            _write_file(tar, member, path)
    _make_links(links, folder)


def _accepted_members(
    tar: tarfile.TarFile, folder: Path, limits: BuildLimits
) -> Iterator[tuple[tarfile.TarInfo, Path]]:
    total = 0
    for number, member in enumerate(tar, start=1):
        total += member.size
        if number > limits.source_files:
            raise BuildFailed(f"The source has more than {limits.source_files:,} files.")
        if total > limits.source_bytes:
            raise too_large(limits)
        _check_kind(member)
        yield member, folder / _inner_name(member.name)


def _check_kind(member: tarfile.TarInfo) -> None:
    if member.islnk():
        raise BuildFailed(f"The source has a hard link, {member.name!r}: pack a copy of the file.")
    if member.issparse() or not (member.isreg() or member.isdir() or member.issym()):
        raise BuildFailed(f"{member.name!r} in the source is neither a file, a folder nor a link.")


def _inner_name(name: str) -> PurePosixPath:
    """The member's name, if it stays inside the folder it is unpacked into."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\0" in name:
        raise BuildFailed(f"{name!r} in the source would be unpacked outside its folder.")
    lengths = [len(part.encode(errors="surrogateescape")) for part in (name, *path.parts)]
    if lengths[0] > LONGEST_NAME or max(lengths[1:], default=0) > LONGEST_PART:
        raise BuildFailed(f"A file name in the source is too long: {name[:80]!r}…")
    return path


def _make_folder(path: Path, name: str) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise BuildFailed(f"{name!r} is both a file and a folder in the source.") from None


def _write_file(tar: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> None:
    _make_folder(path.parent, member.name)
    content = tar.extractfile(member)
    assert content is not None, "a regular file has content"
    try:
        with path.open("xb") as target:
            while data := content.read(COPY_BYTES):
                target.write(data)
    except (FileExistsError, IsADirectoryError):
        raise BuildFailed(f"{member.name!r} is in the source twice.") from None
    path.chmod(0o755 if member.mode & stat.S_IXUSR else 0o644)


def _make_links(links: list[tuple[Path, str]], folder: Path) -> None:
    for path, target in links:
        _make_folder(path.parent, path.name)
        if path.exists() or path.is_symlink():
            raise BuildFailed(f"{path.name!r} is in the source twice.")
        if not 0 < len(target) <= LONGEST_NAME or "\0" in target:
            raise BuildFailed(f"The link {path.name!r} has no target that a link can have.")
        path.symlink_to(target)
    root = folder.resolve()
    for path, target in links:
        if os.path.isabs(target) or not _leads_inside(path, root):  # noqa: PTH117 - the archive's text, not a path of ours
            raise BuildFailed(f"The link {os.fspath(path.relative_to(folder))!r} leads out of the source.")


def _leads_inside(link: Path, root: Path) -> bool:
    try:
        return link.resolve().is_relative_to(root)
    except (OSError, RuntimeError):  # a loop of links
        return False
