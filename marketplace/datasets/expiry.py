"""What goes by itself: sessions that ended, temporary files, and contents that no file has any more."""

import logging
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from marketplace.datasets.contents import delete_content
from marketplace.datasets.models import Content, Directory, File, Kind
from marketplace.datasets.services import delete_tree, lock_usage, release_files

logger = logging.getLogger(__name__)

TEMPORARY_FOR = timedelta(days=1)
"""How long temporary files last, sessions that nobody ended, and uploads that were cut off."""
READING_FOR = timedelta(hours=1)
"""How long a content is kept after its file has another: someone may be in the middle of it."""
SESSION = ".session/"


def list_open_sessions() -> list[str]:
    """The first calls of the trees that have a session."""
    paths = Directory.objects.filter(kind=Kind.SESSION, parent=None).values_list("path", flat=True)
    return [path.removeprefix(SESSION) for path in paths]


def end_sessions(root_ids: Collection[str]) -> None:
    """The calls are over. Safe to repeat."""
    paths = [SESSION + root_id for root_id in root_ids]
    _delete_trees(Directory.objects.filter(kind=Kind.SESSION, parent=None, path__in=paths))


def expire(*, now: datetime) -> None:
    """Deletes what has had its day. Safe to repeat."""
    before = now - TEMPORARY_FOR
    _delete_trees(Directory.objects.filter(kind=Kind.SESSION, parent=None, created_at__lt=before))
    old = File.objects.filter(directory__kind=Kind.TEMPORARY, modified_at__lt=before)
    for directory in Directory.objects.filter(pk__in=old.values("directory")).select_related("organization"):
        with transaction.atomic():
            lock_usage(directory.organization)
            release_files(directory.organization, old.filter(directory=directory))
    Content.objects.filter(size=None, released_at=None, created_at__lt=before).update(released_at=now)


def collect_contents(*, now: datetime) -> int:
    """Removes the bytes that no file has and nobody reads any more; answers how many contents. Safe to repeat.

    One that the storage does not give up keeps no other waiting, and is met again at the next turn.
    """
    return sum(_collect(content) for content in Content.objects.filter(released_at__lt=now - READING_FOR).iterator())


def _collect(content: Content) -> bool:
    try:
        delete_content(content.id)
    except Exception:  # what a storage refuses, each backend tells in its own way
        logger.exception("%s could not be removed", content)
        return False
    content.delete()  # last: a crash before it is made good by the next turn
    return True


def _delete_trees(directories: QuerySet[Directory]) -> None:
    for directory in directories.select_related("organization"):
        with transaction.atomic():
            lock_usage(directory.organization)
            delete_tree(directory)
