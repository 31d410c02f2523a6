"""Files over HTTP: whole, in part, by condition, and in quantity."""

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages
from django.utils import timezone

from marketplace.datasets.contents import content_name
from marketplace.datasets.expiry import READING_FOR, collect_contents
from marketplace.datasets.models import Content, File, StorageUsage
from tests.integration.datasets.conftest import Door, message_of


@pytest.fixture
def files(as_alice: Door) -> Door:
    """Alice, who has the collection `c`."""
    as_alice.make(".my", "c")
    return as_alice


def test_what_is_put_is_what_is_got(files: Door) -> None:
    content = bytes(range(256)) * 20_000
    put = files.put(".my/c/f.bin", content, headers={"Content-Type": "application/json"})
    assert (put.status_code, put.json()) == (200, {"result": "data://alice/c/f.bin"})
    got = files.get("alice/c/f.bin")
    assert got.content == content
    assert got.headers["x-data-type"] == "file"
    assert got.headers["content-length"] == str(len(content))
    assert got.headers["accept-ranges"] == "bytes"
    assert got.headers["content-type"] == "application/octet-stream"


def test_no_browser_runs_a_strangers_page(files: Door) -> None:
    files.put(".my/c/page.html", b"<script>alert(1)</script>")
    got = files.get(".my/c/page.html")
    assert got.headers["content-type"] == "text/html; charset=utf-8"
    assert got.headers["content-security-policy"].startswith("sandbox")
    assert got.headers["x-content-type-options"] == "nosniff"


def test_an_upload_may_come_in_chunks_of_unknown_number(files: Door) -> None:
    def chunks() -> Iterator[bytes]:
        for number in range(3000):
            yield bytes([number % 256]) * 700

    assert files.put(".my/c/f", chunks()).status_code == 200
    assert files.get(".my/c/f").content == b"".join(chunks())
    assert files.put(".my/c/empty", b"").status_code == 200
    assert (files.get(".my/c/empty").content, files.get(".my/c/empty").headers["content-length"]) == (b"", "0")


def test_a_head_says_what_a_get_would(files: Door) -> None:
    files.put(".my/c/f.txt", b"12345")
    head, get = files.ask("HEAD", ".my/c/f.txt"), files.get(".my/c/f.txt")
    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-length", "content-type", "etag", "last-modified", "x-data-type"):
        assert head.headers[name] == get.headers[name]
    missing = files.ask("HEAD", ".my/c/missing")
    assert (missing.status_code, missing.headers["x-error-message"], missing.content) == (404, "path not found", b"")
    assert files.ask("HEAD", ".my/c").headers["x-data-type"] == "directory"


def test_a_range_is_a_part(files: Door) -> None:
    content = hashlib.sha256(b"seed").digest() * 100_000
    files.put(".my/c/f", content)
    for asked, start, end in (
        ("bytes=0-0", 0, 1), ("bytes=100-", 100, len(content)), ("bytes=-7", len(content) - 7, len(content)),
        ("bytes=1000000-2999999", 1_000_000, 3_000_000), ("bytes=5-99999999999", 5, len(content)),
        ("bytes=-99999999999", 0, len(content)),
    ):  # fmt: skip
        part = files.get(".my/c/f", headers={"Range": asked})
        assert (part.status_code, part.content) == (206, content[start:end]), asked
        assert part.headers["content-range"] == f"bytes {start}-{end - 1}/{len(content)}"


def test_a_range_behind_the_end_is_refused(files: Door) -> None:
    files.put(".my/c/f", b"12345")
    for asked in ("bytes=5-", "bytes=5-9", "bytes=-0"):
        refused = files.get(".my/c/f", headers={"Range": asked})
        assert (refused.status_code, refused.headers["content-range"]) == (416, "bytes */5"), asked
    for ignored in ("bytes=3-1", "bytes=0-1,3-4", "lines=1-2", "bytes=-", "bytes=a-b"):
        whole = files.get(".my/c/f", headers={"Range": ignored})
        assert (whole.status_code, whole.content) == (200, b"12345"), ignored


def test_what_a_client_has_is_not_sent_again(files: Door) -> None:
    files.put(".my/c/f", b"12345")
    first = files.get(".my/c/f")
    etag, modified = first.headers["etag"], first.headers["last-modified"]
    for headers in (
        {"If-None-Match": etag}, {"If-None-Match": f'"other", W/{etag}'}, {"If-None-Match": "*"},
        {"If-Modified-Since": modified},
    ):  # fmt: skip
        unchanged = files.get(".my/c/f", headers=headers)
        assert (unchanged.status_code, unchanged.content, unchanged.headers["etag"]) == (304, b"", etag)
    earlier = format_datetime(parsedate_to_datetime(modified) - timedelta(seconds=1), usegmt=True)
    for headers in ({"If-None-Match": '"other"', "If-Modified-Since": modified}, {"If-Modified-Since": earlier},
                    {"If-Modified-Since": "yesterday"},
                    {"If-Modified-Since": "Thu, 01 Jan 99999999999999999999 00:00:00 GMT"}):  # fmt: skip
        assert files.get(".my/c/f", headers=headers).status_code == 200


def test_a_range_of_another_version_is_the_whole(files: Door) -> None:
    files.put(".my/c/f", b"12345")
    old = files.get(".my/c/f").headers["etag"]
    files.put(".my/c/f", b"67890")
    new = files.get(".my/c/f").headers["etag"]
    assert new != old
    assert files.get(".my/c/f", headers={"Range": "bytes=0-1", "If-Range": old}).content == b"67890"
    assert files.get(".my/c/f", headers={"Range": "bytes=0-1", "If-Range": new}).content == b"67"


def test_a_replaced_content_is_collected_when_nobody_reads_it_any_more(files: Door, folder: Path) -> None:
    files.put(".my/c/f", b"old")
    files.put(".my/c/f", b"new!")
    assert len(_stored(folder)) == 2
    assert collect_contents(now=timezone.now()) == 0
    assert collect_contents(now=timezone.now() + READING_FOR) == 1
    assert [path.read_bytes() for path in _stored(folder)] == [b"new!"]
    assert (Content.objects.count(), StorageUsage.objects.get().size) == (1, 4)
    assert files.delete(".my/c/f").text == '{"result":{"deleted":1}}'
    assert StorageUsage.objects.get().size == 0
    collect_contents(now=timezone.now() + READING_FOR)
    assert (_stored(folder), Content.objects.count()) == ([], 0)


def test_what_cannot_be_removed_keeps_nothing_else_waiting(files: Door, folder: Path) -> None:
    for number in range(3):
        files.put(".my/c/f", bytes([number]))
    stuck, *_ = Content.objects.exclude(released_at=None).order_by("created_at")
    path = folder / content_name(stuck.id)
    path.unlink()
    (path / "not empty").mkdir(parents=True)
    later = timezone.now() + READING_FOR
    assert collect_contents(now=later) == 1
    (path / "not empty").rmdir()
    assert (collect_contents(now=later), Content.objects.count()) == (1, 1)


def test_names_are_nowhere_on_disk(files: Door, folder: Path) -> None:
    files.put(".my/c/secret-name", b"1")
    assert not [path for path in folder.rglob("*") if "secret" in path.name or path.name in {"c", "alice"}]


def test_a_file_that_is_too_large_is_refused_before_it_is_sent(files: Door, settings: Any, folder: Path) -> None:
    settings.DATA_FILE_LIMIT = 1000
    declared = files.put(".my/c/f", b"x" * 1001)
    assert (declared.status_code, "1000 bytes" in message_of(declared)) == (413, True)
    chunked = files.put(".my/c/f", iter([b"x" * 600, b"x" * 600]))
    assert chunked.status_code == 413
    assert files.put(".my/c/f", b"x" * 1000).status_code == 200
    assert len(_stored(folder)) == Content.objects.count() == 1


def test_an_organization_may_store_so_much(files: Door, settings: Any) -> None:
    settings.DATA_QUOTA = 1000
    assert files.put(".my/c/f", b"x" * 900).status_code == 200
    refused = files.put(".my/c/g", b"x" * 101)
    assert (refused.status_code, "100 bytes are free" in message_of(refused)) == (413, True)
    assert files.put(".my/c/g", iter([b"x" * 101])).status_code == 413
    assert files.put(".my/c/f", b"x" * 950).status_code == 200, "what is replaced makes room"
    assert File.objects.count() == 1


def test_another_backend_holds_the_bytes_as_well(files: Door, settings: Any, tmp_path: Path) -> None:
    """One that has no paths on this machine."""
    backend = "tests.integration.datasets.remote_storage.RemoteStorage"
    remote = {"BACKEND": backend, "OPTIONS": {"location": str(tmp_path / "remote")}}
    settings.STORAGES = {**settings.STORAGES, "datasets": remote}
    storages._storages.clear()
    content = b"0123456789" * 300_000
    assert files.put(".my/c/f", content).status_code == 200
    assert files.get(".my/c/f").content == content
    assert files.get(".my/c/f", headers={"Range": "bytes=9-11"}).content == b"901"
    files.put(".my/c/f", b"new")
    assert collect_contents(now=timezone.now() + READING_FOR) == 1
    assert files.get(".my/c/f").content == b"new"
    settings.DATA_FILE_LIMIT = 10
    assert files.put(".my/c/f", iter([b"x" * 11])).status_code == 413
    assert len(_stored(tmp_path / "remote")) == 1


def _stored(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
