"""The cache of unpacked artifacts."""

import asyncio
import io
import os
import shutil
import threading
import time
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

import pytest

from execution.agent.artifacts import ArtifactCache, fill_folder
from execution.errors import ArtifactDamaged
from tests.unit.agent.test_unpacking import file, pack

MEBIBYTE = 1 << 20


class Storage:
    """Artifacts by digest, and how often each was opened."""

    def __init__(self) -> None:
        self.opened: list[str] = []
        self.gate = threading.Event()
        self.gate.set()
        self._contents: dict[str, bytes] = {}

    def add(self, byte: bytes, size: int = MEBIBYTE) -> str:
        content = pack([file("src/a.py", byte * size)])
        digest = sha256(content).hexdigest()
        self._contents[digest] = content
        return digest

    def open(self, digest: str) -> BinaryIO:
        self.opened.append(digest)
        assert self.gate.wait(10)
        if digest not in self._contents:
            raise FileNotFoundError(digest)
        return io.BytesIO(self._contents[digest])


@pytest.fixture
def storage() -> Storage:
    return Storage()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "artifacts"


def make_cache(folder: Path, storage: Storage, mebibytes: int = 100) -> ArtifactCache:
    return ArtifactCache(folder, storage.open, max_size=mebibytes * MEBIBYTE)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if not path.name.startswith("unfinished-")}


async def test_it_is_fetched_once(folder: Path, storage: Storage) -> None:
    cache, digest = make_cache(folder, storage), storage.add(b"x")
    held = await cache.hold(digest)
    assert (held / "src" / "a.py").read_bytes() == b"x" * MEBIBYTE
    assert await cache.hold(digest) == held
    assert storage.opened == [digest]


async def test_all_who_want_it_at_once_wait_for_one_fetch(folder: Path, storage: Storage) -> None:
    cache, digest = make_cache(folder, storage), storage.add(b"x")
    assert len(set(await asyncio.gather(*(cache.hold(digest) for _ in range(20))))) == 1
    assert storage.opened == [digest]


async def test_one_who_gives_up_does_not_take_it_from_the_others(folder: Path, storage: Storage) -> None:
    cache, digest = make_cache(folder, storage), storage.add(b"x")
    storage.gate.clear()
    first, second = asyncio.create_task(cache.hold(digest)), asyncio.create_task(cache.hold(digest))
    await asyncio.sleep(0.01)
    first.cancel()
    storage.gate.set()
    assert (await second).is_dir()
    assert storage.opened == [digest]


async def test_the_loop_goes_on_while_it_is_fetched(folder: Path, storage: Storage) -> None:
    cache, digest = make_cache(folder, storage), storage.add(b"x")
    storage.gate.clear()
    holding = asyncio.create_task(cache.hold(digest))
    for _ in range(5):
        await asyncio.sleep(0.001)
    assert not holding.done()
    storage.gate.set()
    await holding


async def test_a_failure_is_told_to_all_and_tried_again(folder: Path, storage: Storage) -> None:
    cache = make_cache(folder, storage)
    digest = storage.add(b"x")
    content = storage._contents.pop(digest)
    results = await asyncio.gather(cache.hold(digest), cache.hold(digest), return_exceptions=True)
    assert [type(result) for result in results] == [FileNotFoundError, FileNotFoundError]
    storage._contents[digest] = content[:-1] + b"\1"
    with pytest.raises(ArtifactDamaged):
        await cache.hold(digest)
    assert names(folder) == set()
    storage._contents[digest] = content
    assert (await cache.hold(digest)).is_dir()


async def test_the_one_not_used_for_longest_goes(folder: Path, storage: Storage) -> None:
    cache = make_cache(folder, storage, mebibytes=2)
    first, second, third = (storage.add(byte) for byte in (b"1", b"2", b"3"))
    for digest in (first, second, first, third):
        await cache.hold(digest)
        cache.let_go(digest)
    assert names(folder) == {first, third}
    assert (await cache.hold(second)).is_dir()
    assert storage.opened == [first, second, third, second]


async def test_what_is_in_use_stays(folder: Path, storage: Storage) -> None:
    cache = make_cache(folder, storage, mebibytes=1)
    digests = [storage.add(byte) for byte in (b"1", b"2", b"3")]
    for digest in digests:
        await cache.hold(digest)
    assert names(folder) == set(digests)
    cache.let_go(digests[1])
    assert names(folder) == {digests[0], digests[2]}


async def test_what_may_be_wanted_soon_is_there_when_it_is(folder: Path, storage: Storage) -> None:
    cache, digest = make_cache(folder, storage), storage.add(b"a")
    assert cache.is_worth_fetching(digest)
    await cache.fetch_ahead(digest)
    assert not cache.is_worth_fetching(digest)
    await cache.hold(digest)
    assert storage.opened == [digest]
    await cache.fetch_ahead("no such digest")  # who wants it is told, and nobody else


async def test_nothing_is_fetched_ahead_into_a_cache_that_is_half_full(folder: Path, storage: Storage) -> None:
    cache = make_cache(folder, storage, mebibytes=2)
    first = storage.add(b"a", size=MEBIBYTE + 1)
    await cache.fetch_ahead(first)
    assert not cache.is_worth_fetching(storage.add(b"b"))


async def test_someone_empties_the_folder(folder: Path, storage: Storage) -> None:
    cache, digest = make_cache(folder, storage, mebibytes=1), storage.add(b"x")
    await cache.hold(digest)
    shutil.rmtree(folder)
    assert (await cache.hold(digest) / "src" / "a.py").is_file()
    shutil.rmtree(folder)
    cache.let_go(digest)
    cache.let_go(digest)
    other = storage.add(b"y")
    assert (await cache.hold(other)).is_dir()
    assert storage.opened == [digest, digest, other]


async def test_a_later_agent_takes_up_what_is_whole(folder: Path, storage: Storage) -> None:
    cache = make_cache(folder, storage)
    old, new = storage.add(b"1"), storage.add(b"2")
    await cache.hold(old)
    await cache.hold(new)
    os.utime(folder / old, (time.time() - 100,) * 2)
    (folder / "unfinished-half" / "src").mkdir(parents=True)
    later = make_cache(folder, storage, mebibytes=1)
    assert names(folder) == {old, new}
    assert not (folder / "unfinished-half").exists()
    await later.hold(new)
    later.let_go(new)
    assert names(folder) == {new}
    assert storage.opened == [old, new]


def test_a_folder_is_filled_with_the_same_files(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    (source / "a" / "b").mkdir(parents=True)
    (source / "a" / "b" / "file").write_text("x")
    (source / "link").symlink_to("a/b/file")
    (source / "broken").symlink_to("nowhere")
    target.mkdir()
    fill_folder(source, target)
    assert (target / "a" / "b" / "file").stat().st_ino == (source / "a" / "b" / "file").stat().st_ino
    assert (target / "link").readlink() == Path("a/b/file")
    assert (target / "broken").is_symlink()
