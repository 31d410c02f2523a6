"""Hosted data in the console."""

import io

import pytest
from django.conf import settings as django_settings
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from marketplace.accounts.models import User
from marketplace.datasets.models import Content, Directory, File
from tests.integration.web.console.conftest import signed_in

PAGE = "/console/alice/data"


@pytest.fixture
def owner(alice: User, tmp_path: object, settings: object) -> Client:
    """alice, whose files lie in a folder of this test."""
    kept = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(tmp_path)}}
    settings.STORAGES = django_settings.STORAGES | {"datasets": kept}  # type: ignore[attr-defined]
    storages._storages.clear()
    return signed_in(alice)


def put(client: Client, name: str, content: bytes, path: str = "photos") -> str:
    """What the page says after the upload."""
    file = SimpleUploadedFile(name, content)
    return client.post(f"{PAGE}/upload", {"path": path, "file": file}, follow=True).content.decode()


@pytest.fixture
def photos(owner: Client) -> Client:
    owner.post(f"{PAGE}/folder", {"path": "", "name": "photos"})
    return owner


def test_a_collection_is_made_filled_read_and_emptied(photos: Client) -> None:
    assert "cat.png is there." in put(photos, "cat.png", b"meow" * 1000)
    assert "3.9" in photos.get(f"{PAGE}?path=photos").content.decode()
    answer = photos.get(f"{PAGE}/file?path=photos/cat.png")
    assert b"".join(answer.streaming_content) == b"meow" * 1000  # type: ignore[attr-defined]
    assert answer.headers["Content-Disposition"] == 'attachment; filename="cat.png"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    put(photos, "cat.png", b"new")
    assert File.objects.get().content.size == 3
    assert "Delete data://alice/photos/cat.png?" in photos.get(f"{PAGE}/remove?path=photos/cat.png").content.decode()
    photos.post(f"{PAGE}/remove?path=photos/cat.png")
    assert not File.objects.exists()


def test_folders_lie_in_folders_and_go_with_what_is_in_them(photos: Client) -> None:
    photos.post(f"{PAGE}/folder", {"path": "photos", "name": "2026 & more"})
    put(photos, "a b.txt", b"x", path="photos/2026 & more")
    page = photos.get(f"{PAGE}?path=photos/2026 %26 more").content.decode()
    assert "photos/2026%20%26%20more/a%20b.txt" in page
    answer = photos.post(f"{PAGE}/remove?path=photos", follow=True)
    assert "photos is gone: 1 file." in answer.content.decode()
    assert not Directory.objects.exists()


def test_who_may_read_is_chosen(photos: Client) -> None:
    assert (
        "This holds from now on."
        in photos.post(f"{PAGE}/share", {"path": "photos", "read": "public"}, follow=True).content.decode()
    )
    assert Directory.objects.get().read == "public"
    photos.post(f"{PAGE}/share", {"path": "photos", "read": "everyone"})
    assert Directory.objects.get().read == "public"


def test_the_root_has_no_readers_of_its_own(owner: Client) -> None:
    answer = owner.post(f"{PAGE}/share", {"path": "", "read": "public"}, follow=True)
    assert "Only collections have an ACL." in answer.content.decode()


def test_an_odd_name_of_a_file_is_refused_in_words(photos: Client) -> None:
    assert "A name has at most 255 bytes." in put(photos, "é" * 200, b"x")
    assert not File.objects.exists()


@pytest.mark.parametrize(("name", "said"), [("", "Give it a name."), ("a/b", "nor hold a slash"), (".my", "choose")])
def test_odd_names_are_refused_in_words(owner: Client, name: str, said: str) -> None:
    assert said in owner.post(f"{PAGE}/folder", {"path": "", "name": name}, follow=True).content.decode()
    assert not Directory.objects.exists()


def test_what_is_too_large_leaves_nothing_behind(photos: Client, settings: object) -> None:
    settings.DATA_FILE_LIMIT = 10  # type: ignore[attr-defined]
    assert "A file has at most" in put(photos, "big", b"x" * 11)
    assert not Content.objects.exists()


def test_a_file_in_no_collection_is_refused(owner: Client) -> None:
    assert "A file lies in a collection" in put(owner, "loose", b"x", path="")


@pytest.mark.parametrize("path", ["", "nothing", "photos/nothing", "../etc", ".session/x"])
def test_there_is_no_such_file(photos: Client, path: str) -> None:
    assert photos.get(f"{PAGE}/file?path={path}").status_code == 404


def test_a_page_after_what_is_no_place_is_not_there(photos: Client) -> None:
    assert photos.get(f"{PAGE}?path=photos&after=x").status_code == 404


def test_strangers_see_nothing(photos: Client, bob: User) -> None:
    stranger = signed_in(bob)
    assert stranger.get(f"{PAGE}?path=photos").status_code == 404
    assert stranger.post(f"{PAGE}/upload", {"path": "photos", "file": io.BytesIO(b"x")}).status_code == 404
