"""Two writers, cut connections, a disk that is full: nobody ever sees half a file."""

import resource
import socket
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.utils import timezone

from marketplace.api.data import uploads
from marketplace.datasets.expiry import READING_FOR, TEMPORARY_FOR, collect_contents, expire
from marketplace.datasets.models import Content, File, StorageUsage
from tests.integration.datasets.conftest import SECONDS, Door, message_of

SIZE = 3_000_000


@pytest.fixture
def files(as_alice: Door) -> Door:
    """Alice, who has the collection `c`, and in it the file `f` full of `o`."""
    as_alice.make(".my", "c")
    as_alice.put(".my/c/f", b"o" * SIZE)
    return as_alice


def test_a_reader_beside_writers_sees_one_whole_version_each_time(files: Door) -> None:
    stop, failures, seen = threading.Event(), [], set()

    def write(letter: bytes, size: int) -> None:
        while not stop.is_set():
            answer = files.put(".my/c/f", (letter * 100_000 for _ in range(size)))
            if answer.status_code != 200:
                failures.append(answer.text)

    def read() -> None:
        while not stop.is_set():
            content = files.get(".my/c/f").content
            seen.add((content[:1], len(content)))
            if content.strip(content[:1]):
                failures.append("mixed")

    writers = [threading.Thread(target=write, args=(bytes([65 + number]), 10 + number)) for number in range(3)]
    threads = [*writers, threading.Thread(target=read), threading.Thread(target=read)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + SECONDS
    while len(seen) < 4 and time.monotonic() < deadline:
        time.sleep(0.05)
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert {(b"A", 1_000_000), (b"B", 1_100_000), (b"C", 1_200_000)} <= seen
    assert seen <= {(b"A", 1_000_000), (b"B", 1_100_000), (b"C", 1_200_000), (b"o", SIZE)}
    assert StorageUsage.objects.get().size == len(files.get(".my/c/f").content)
    assert Content.objects.filter(released_at=None).count() == 1


def test_an_upload_whose_connection_breaks_changes_nothing(files: Door, folder: Path) -> None:
    for head in (b"Content-Length: 9000000", b"Transfer-Encoding: chunked"):
        with _begin_upload(files, head) as connection:
            sent = b"7A1200\r\n" * (b"chunked" in head) + b"x" * 5_000_000
            connection.sendall(sent)
            _wait_until(lambda: _largest(folder) > SIZE)
        _wait_until(lambda: Content.objects.filter(size=None).count() == 0)
    assert files.get(".my/c/f").content == b"o" * SIZE
    assert len(_stored(folder)) == 1


def test_a_client_that_asks_first_is_refused_before_it_sends(files: Door) -> None:
    files.delete(".my/c", params={"force": "true"})
    with _begin_upload(files, b"Content-Length: 9000000\r\nExpect: 100-continue") as connection:
        assert connection.recv(100).startswith(b"HTTP/1.1 404 ")
    files.make(".my", "c")
    with _begin_upload(files, b"Content-Length: 1\r\nExpect: 100-continue") as connection:
        assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
        connection.sendall(b"x")
        assert connection.recv(100).startswith(b"HTTP/1.1 200 ")


def test_an_upload_that_stalls_is_given_up(files: Door, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr(uploads, "STALL_SECONDS", 0.2)
    with _begin_upload(files, b"Content-Length: 100") as connection:
        connection.sendall(b"x")
        assert connection.recv(100).startswith(b"HTTP/1.1 408 ")
    assert files.get(".my/c/f").content == b"o" * SIZE
    _wait_until(lambda: len(_stored(folder)) == 1)


def test_what_a_killed_server_left_is_collected(files: Door, folder: Path) -> None:
    """As a row says that has no size, and bytes that are there."""
    content = Content.objects.create(created_at=timezone.now())
    left = folder / content.id.hex[:2] / content.id.hex[2:4] / content.id.hex
    left.parent.mkdir(parents=True, exist_ok=True)
    left.write_bytes(b"half")
    later = timezone.now() + TEMPORARY_FOR + timedelta(minutes=1)
    expire(now=timezone.now())
    assert collect_contents(now=later) == 0
    expire(now=later)
    assert collect_contents(now=later + READING_FOR + timedelta(minutes=1)) == 1
    assert not left.exists()
    assert files.get(".my/c/f").content == b"o" * SIZE


@pytest.fixture
def small_disk() -> Iterator[int]:
    """This process writes no file larger than that, as if the disk had no more room; in bytes."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = 4_000_000
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    yield size
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_full_disk_is_told_and_changes_nothing(files: Door, folder: Path, small_disk: int) -> None:
    for content in (b"x" * (small_disk + 1), iter([b"x" * 1_000_000] * 8)):
        refused = files.put(".my/c/f", content)
        assert refused.status_code == 507
        assert "nothing was changed" in message_of(refused)
    assert files.get(".my/c/f").content == b"o" * SIZE
    assert (len(_stored(folder)), Content.objects.count(), File.objects.count()) == (1, 1, 1)
    assert files.put(".my/c/f", b"x" * small_disk).status_code == 200


def test_a_directory_that_goes_during_an_upload_takes_it_along(files: Door, folder: Path) -> None:
    with _begin_upload(files, b"Content-Length: 5000000") as connection:
        connection.sendall(b"x" * 4_000_000)
        _wait_until(lambda: _largest(folder) > SIZE)
        assert files.delete(".my/c", params={"force": "true"}).json() == {"result": {"deleted": 1}}
        connection.sendall(b"x" * 1_000_000)
        assert connection.recv(100).startswith(b"HTTP/1.1 404 ")
    assert StorageUsage.objects.get().size == File.objects.count() == 0


def _begin_upload(door: Door, head: bytes) -> socket.socket:
    parts = urlsplit(str(door.client.base_url))
    connection = socket.create_connection((str(parts.hostname), int(parts.port or 0)), timeout=SECONDS)
    key = door.client.headers["Authorization"].encode()
    connection.sendall(b"PUT /v1/data/.my/c/f HTTP/1.1\r\nHost: x\r\nAuthorization: %b\r\n%b\r\n\r\n" % (key, head))
    return connection


def _wait_until(condition: object) -> None:
    assert callable(condition)
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _largest(folder: Path) -> int:
    return max(path.stat().st_size for path in _stored(folder))


def _stored(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
