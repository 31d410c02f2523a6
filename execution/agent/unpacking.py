"""Unpacks an artifact's tar into a new folder, and believes nothing that it says.

A file is only ever created under folders that this module made itself, never through a link, so that no name and
no link in an archive can lead out.
"""

import hashlib
import os
import posixpath
import shutil
import tarfile
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

from execution.errors import ArtifactDamaged

CHUNK = 1 << 20


class _HashingReader:
    """A file that is hashed while it is read, by a thread: hashing takes as long as reading and writing together."""

    def __init__(self, stream: BinaryIO, hashing: Executor) -> None:
        """`hashing` must have one thread."""
        self._stream = stream
        self._hashing = hashing
        self._hash = hashlib.sha256()
        self._latest: Future[None] | None = None

    def read(self, size: int = CHUNK) -> bytes:
        data = self._stream.read(size)
        self._wait()  # so that no more than one piece waits in memory
        self._latest = self._hashing.submit(self._hash.update, data)
        return data

    def digest(self) -> str:
        """Of what was read, hex."""
        self._wait()
        return self._hash.hexdigest()

    def _wait(self) -> None:
        if self._latest is not None:
            self._latest.result()


def unpack(stream: BinaryIO, digest: str, folder: Path) -> int:
    """Unpacks a tar whose SHA-256 (hex) is `digest` into the new `folder`; its size on disk in bytes.

    Raises ArtifactDamaged; what was written until then stays.
    """
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    with ThreadPoolExecutor(max_workers=1) as hashing:
        return _unpack(_HashingReader(stream, hashing), digest, folder)


def _unpack(reader: _HashingReader, digest: str, folder: Path) -> int:
    try:
        with tarfile.open(fileobj=reader, mode="r|", bufsize=CHUNK) as tar:  # type: ignore[call-overload]
            size = _Unpacking(folder).extract_all(tar)
    except (tarfile.TarError, UnicodeError, OverflowError, EOFError) as error:
        raise ArtifactDamaged(f"artifact {digest} is no tar: {error}") from error
    while reader.read():
        pass
    if (found := reader.digest()) != digest:
        raise ArtifactDamaged(f"artifact {digest} has the content of {found}")
    return size


class _Unpacking:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made = {""}
        """Folders that exist, by relative name."""

    def extract_all(self, tar: tarfile.TarFile) -> int:
        return sum(self._extract(tar, member) for member in tar)

    def _extract(self, tar: tarfile.TarFile, member: tarfile.TarInfo) -> int:
        name = _check_name(member.name)
        if member.isdir():
            self._make_folders(name)
            return 0
        parent = posixpath.dirname(name)
        self._make_folders(parent)
        try:
            if member.issym():
                _check_link(name, member.linkname)
                (self._folder / name).symlink_to(member.linkname)
                return 0
            if member.isreg() and not member.issparse():
                return self._write(tar, member, self._folder / name)
        except FileExistsError:
            raise ArtifactDamaged(f"{name!r} is in the archive twice") from None
        raise ArtifactDamaged(f"{name!r} is neither a file, a folder nor a link")

    def _make_folders(self, name: str) -> None:
        if name in self._made:
            return
        self._make_folders(posixpath.dirname(name))
        try:
            (self._folder / name).mkdir(mode=0o755)
        except FileExistsError:
            raise ArtifactDamaged(f"{name!r} is in the archive as a file or link, and as a folder") from None
        (self._folder / name).chmod(0o755)
        self._made.add(name)

    def _write(self, tar: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> int:
        content = tar.extractfile(member)
        assert content is not None, "a regular file has content"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            shutil.copyfileobj(content, file, CHUNK)
            os.fchmod(descriptor, 0o755 if member.mode & 0o100 else 0o644)
        return member.size


def _check_name(name: str) -> str:
    """The name, if it is relative and stays inside."""
    name = name.removeprefix("./")
    parts = name.split("/")
    if not name or "\0" in name or any(part in ("", ".", "..") for part in parts):
        raise ArtifactDamaged(f"{name!r} is no name that an archive may have")
    return name


def _check_link(name: str, target: str) -> None:
    inside = posixpath.normpath(posixpath.join(posixpath.dirname(name), target))
    if not target or "\0" in target or target.startswith("/") or inside == ".." or inside.startswith("../"):
        raise ArtifactDamaged(f"the link {name!r} leads out, to {target!r}")
