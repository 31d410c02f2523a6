"""What goes by itself, and when."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from marketplace.accounts.models import User
from marketplace.datasets.expiry import TEMPORARY_FOR, expire, list_open_sessions
from marketplace.datasets.models import Content, Directory, File, Kind, StorageUsage
from marketplace.datasets.permissions import Actor
from marketplace.datasets.places import find_place
from marketplace.datasets.services import create_directory
from marketplace.datasets.uploads import begin_upload, finish_upload
from marketplace.invocations.sessions import end_finished_sessions
from tests.factories.calls import record_calls
from tests.factories.catalogue import make_version
from tests.factories.people import scope_of

pytestmark = pytest.mark.usefixtures("folder")


def inside(user: User, root_id: str) -> Actor:
    return Actor(scope_of(user).organization, user, algorithm="x/words", root_id=root_id)


def put(actor: Actor, path: str) -> None:
    upload = begin_upload(actor=actor, place=find_place(actor, tuple(path.split("/"))), size=1)
    upload.writer.write([b"1"])
    upload.writer.finish()
    finish_upload(upload, 1)


def test_a_session_ends_with_the_first_call(alice: User, django_assert_num_queries: Any) -> None:
    (over,) = record_calls(make_version(), payer_id=scope_of(alice).organization.id)
    running = [f"01920000-0000-7000-8000-00000000000{number}" for number in range(3)]
    for root_id in (str(over), *running):
        actor = inside(alice, root_id)
        create_directory(actor=actor, parent=find_place(actor, (".session",)), name="d", read=None)
        put(actor, ".session/d/f")
    assert end_finished_sessions(now=timezone.now()) == 1
    assert sorted(list_open_sessions()) == running
    assert (File.objects.count(), StorageUsage.objects.get().size) == (3, 3)
    assert Content.objects.exclude(released_at=None).count() == 1
    with django_assert_num_queries(2):  # however many are open
        assert end_finished_sessions(now=timezone.now()) == 0


def test_temporary_files_and_old_sessions_go_after_a_day(alice: User) -> None:
    actor, now = inside(alice, "1"), timezone.now()
    for path in (".session/f", ".algo/temp/f", ".algo/perm/f"):
        put(actor, path)
    expire(now=now + TEMPORARY_FOR - timedelta(minutes=5))
    assert File.objects.count() == 3
    expire(now=now + TEMPORARY_FOR + timedelta(minutes=5))
    assert [file.directory.kind for file in File.objects.all()] == [Kind.PERMANENT]
    assert StorageUsage.objects.get().size == 1
    assert not Directory.objects.filter(kind=Kind.SESSION).exists()


def test_an_upload_that_took_too_long_is_told(alice: User) -> None:
    actor = inside(alice, "1")
    upload: Any = begin_upload(actor=actor, place=find_place(actor, (".session", "f")), size=1)
    expire(now=timezone.now() + TEMPORARY_FOR + timedelta(minutes=5))
    with pytest.raises(Exception, match="start it again"):
        finish_upload(upload, 1)
    assert not File.objects.exists()
