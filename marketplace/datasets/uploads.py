"""An upload: begun, written without any lock, then made visible in one transaction, or abandoned."""

import errno
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from marketplace.datasets.contents import ContentWriter, open_writer
from marketplace.datasets.models import Content, Directory, File
from marketplace.datasets.permissions import Actor, path_not_found
from marketplace.datasets.places import Place
from marketplace.datasets.selectors import find_directory, get_free_space
from marketplace.datasets.services import ensure_directory, get_writable_directory, lock_usage
from marketplace.errors import Conflict, OutOfSpace, TooLarge

NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
GIB = 1 << 30


@dataclass(frozen=True)
class Upload:
    """A content that is being written, and the file that it shall become."""

    place: Place
    content: Content
    writer: ContentWriter


def begin_upload(*, actor: Actor | None, place: Place, size: int | None) -> Upload:
    """`size` is what the client says, if it does. Raises NotFound, PermissionDenied, Conflict, InvalidInput, TooLarge,
    OutOfSpace.
    """
    _check_may_hold(actor, place)
    check_size(size or 0)
    _check_quota(place, get_free_space(owner=place.organization) + _size_of(_find_file(place)), size or 0)
    content = Content.objects.create(created_at=timezone.now())
    try:
        return Upload(place, content, open_writer(content.id))
    except OSError as error:
        content.delete()
        raise explain(error) from error


def check_size(size: int) -> None:
    """Raises TooLarge."""
    if size > settings.DATA_FILE_LIMIT:
        raise TooLarge(f"A file has at most {_in_gib(settings.DATA_FILE_LIMIT)}.")


def explain(error: OSError) -> OSError | OutOfSpace:
    """What the client is told of a write that failed."""
    if error.errno in NO_SPACE:
        return OutOfSpace("The platform has no room for this file now: nothing was changed.")
    return error


@transaction.atomic
def finish_upload(upload: Upload, size: int) -> str:
    """The writer has finished: from now on the file has this content; answers its address.

    Raises NotFound (its directory has gone), Conflict, TooLarge.
    """
    place, now = upload.place, timezone.now()
    usage = lock_usage(place.organization)
    directory = _find_directory(place)
    if not Content.objects.filter(pk=upload.content.pk, size=None, released_at=None).update(size=size):
        raise Conflict("This upload took so long that its beginning was thrown away: start it again.")
    file = _find_file(place)
    replaced = _size_of(file)
    _check_quota(place, settings.DATA_QUOTA - usage.size + replaced, size)
    if file:
        Content.objects.filter(pk=file.content_id).update(released_at=now)
        File.objects.filter(pk=file.pk).update(content=upload.content, modified_at=now)
    else:
        _check_no_directory(place)
        File.objects.create(directory=directory, name=place.name, content=upload.content, modified_at=now)
    usage.size += size - replaced
    usage.save(update_fields=["size"])
    return place.uri


def abandon_upload(upload: Upload) -> None:
    """Nothing of it remains. Safe for one that was finished: then nothing happens."""
    rows = Content.objects.filter(pk=upload.content.pk, size=None)
    if rows.update(released_at=timezone.now()):
        upload.writer.abandon()
        rows.delete()  # last: it is how the collector knows of the bytes


def _find_directory(place: Place) -> Directory:
    """Under the owner's lock. Raises NotFound."""
    parent = place.parent
    if parent.base and not parent.names:
        return ensure_directory(parent)
    directory = find_directory(parent)
    if directory is None:
        raise path_not_found()
    return directory


def _find_file(place: Place) -> File | None:
    rows = File.objects.filter(directory__organization=place.organization, directory__path=place.parent.path)
    return rows.filter(name=place.name).select_related("content").first()


def _size_of(file: File | None) -> int:
    return file.content.size or 0 if file else 0


def _check_may_hold(actor: Actor | None, place: Place) -> None:
    if get_writable_directory(actor, place.parent) is None and not place.base:
        raise Conflict("A file lies in a collection: name one, as in owner/collection/file.")
    _check_no_directory(place)


def _check_no_directory(place: Place) -> None:
    if find_directory(place):
        raise Conflict(f"{place.uri} is a directory.")


def _check_quota(place: Place, free: int, size: int) -> None:
    if size > free:
        limit = _in_gib(settings.DATA_QUOTA)
        raise TooLarge(
            f"{place.organization.slug} may store {limit}, of which {max(free, 0)} bytes are free: "
            f"this file has {size}."
        )


def _in_gib(size: int) -> str:
    return f"{size / GIB:.3g} GiB ({size} bytes)"
