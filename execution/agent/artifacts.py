"""The unpacked artifacts on this machine: each is fetched once, and the one not used for longest goes first."""

import asyncio
import os
import shutil
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from execution.agent.detached import run_detached
from execution.agent.unpacking import unpack

FETCHES = 4
"""Artifacts that are fetched at once."""
UNFINISHED = "unfinished-"


@dataclass
class _Entry:
    size: int
    users: int = 0


class ArtifactCache:
    """Folders named for their digest. Belongs to one agent and one loop."""

    def __init__(self, folder: Path, open_artifact: Callable[[str], BinaryIO], *, max_size: int) -> None:
        """Takes up what an earlier agent left whole. `max_size` in bytes; what is in use may exceed it."""
        self._folder = folder
        self._open_artifact = open_artifact
        self._max_size = max_size
        self._at_once = asyncio.Semaphore(FETCHES)
        self._ahead = asyncio.Semaphore(1)
        self._fetching: dict[str, asyncio.Task[None]] = {}
        self._entries = _take_up(folder)

    async def hold(self, digest: str) -> Path:
        """The folder with the artifact's files, which stays until `let_go`.

        Raises ArtifactDamaged, FileNotFoundError, and whatever the storage raises.
        """
        while not self._has(digest):
            if digest not in self._fetching:
                self._fetching[digest] = asyncio.create_task(self._fetch(digest))
            await asyncio.shield(self._fetching[digest])
        self._entries[digest].users += 1
        self._entries.move_to_end(digest)
        os.utime(self._folder / digest)  # for the order in which the next agent takes them up
        return self._folder / digest

    def is_worth_fetching(self, digest: str) -> bool:
        """Whether to have it before anybody wants it: it is not here, and half of the cache is free."""
        return not self._has(digest) and digest not in self._fetching and 2 * self._size() < self._max_size

    async def fetch_ahead(self, digest: str) -> None:
        """One after the other, beside what is wanted now. What goes wrong is told to who wants it then."""
        async with self._ahead:
            with suppress(Exception):
                await self.hold(digest)
                self.let_go(digest)

    def let_go(self, digest: str) -> None:
        """One user less."""
        self._entries[digest].users -= 1
        self._make_room()

    def _has(self, digest: str) -> bool:
        """It is a cache: someone may have emptied it."""
        return digest in self._entries and (self._folder / digest).is_dir()

    async def _fetch(self, digest: str) -> None:
        try:
            async with self._at_once:
                size = await run_detached(lambda: self._unpack(digest))
        finally:
            del self._fetching[digest]
        self._entries.setdefault(digest, _Entry(size))
        self._make_room(but=digest)

    def _unpack(self, digest: str) -> int:
        unfinished = self._folder / f"{UNFINISHED}{digest}"
        shutil.rmtree(unfinished, ignore_errors=True)
        try:
            with self._open_artifact(digest) as stream:
                size = unpack(stream, digest, unfinished)
            unfinished.rename(self._folder / digest)
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise
        return size

    def _make_room(self, but: str = "") -> None:
        size = self._size()
        for digest, entry in list(self._entries.items()):
            if size <= self._max_size:
                return
            if not entry.users and digest != but:
                del self._entries[digest]
                size -= entry.size
                self._remove(digest)

    def _size(self) -> int:
        return sum(entry.size for entry in self._entries.values())

    def _remove(self, digest: str) -> None:
        """Renamed first: from now on it is not there, however long the removing takes."""
        away = self._folder / f"{UNFINISHED}{digest}-{os.urandom(4).hex()}"
        with suppress(FileNotFoundError):
            (self._folder / digest).rename(away)
        asyncio.get_running_loop().run_in_executor(None, partial(shutil.rmtree, away, ignore_errors=True))


def fill_folder(source: Path, target: Path) -> None:
    """Puts the files of `source` into the folder `target`, as hard links: at once, and without another copy."""
    with os.scandir(source) as entries:
        for entry in entries:
            place = target / entry.name
            if entry.is_dir(follow_symlinks=False):
                place.mkdir()
                place.chmod(0o755)
                fill_folder(Path(entry.path), place)
            else:
                os.link(entry.path, place, follow_symlinks=False)


def _take_up(folder: Path) -> "OrderedDict[str, _Entry]":
    """What is there, oldest use first; halves are removed."""
    folder.mkdir(parents=True, exist_ok=True)
    for unfinished in folder.glob(f"{UNFINISHED}*"):
        shutil.rmtree(unfinished)
    whole = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime)
    return OrderedDict((path.name, _Entry(_size(path))) for path in whole)


def _size(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
