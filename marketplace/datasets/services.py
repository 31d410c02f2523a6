"""Writes of directories and files, but for uploads (uploads.py).

The lock of the owner's StorageUsage comes first in each: what one finds, another does not change meanwhile.
"""

from django.db import transaction
from django.db.models import F, QuerySet, Sum
from django.utils import timezone

from marketplace.audit.services import record
from marketplace.datasets.addresses import check_name, join_path
from marketplace.datasets.models import Content, DefaultCollection, Directory, File, Kind, Read, StorageUsage
from marketplace.datasets.permissions import Actor, check_can_write, only_the_owner, path_not_found
from marketplace.datasets.places import HIDDEN, Place
from marketplace.datasets.selectors import find_directory, find_readable_file
from marketplace.errors import Conflict, InvalidInput
from marketplace.organizations.models import Organization


class NotEmpty(Conflict):
    """A directory with something in it is deleted by force only."""


def lock_usage(owner: Organization) -> StorageUsage:
    """The owner's changes take turns. For use in a transaction."""
    StorageUsage.objects.get_or_create(organization=owner)
    return StorageUsage.objects.select_for_update().get(organization=owner)


@transaction.atomic
def create_directory(*, actor: Actor | None, parent: Place, name: object, read: Read | None) -> Place:
    """Makes `name` in the parent; `read` None is as the parent has it. Raises NotFound, PermissionDenied, Conflict,
    InvalidInput.
    """
    name = check_name(name, "name")
    if not parent.path and name in HIDDEN:
        raise InvalidInput("name", f"{name} is the platform's own: choose another name.")
    place = parent.child(name)
    above = _lock_writable(actor, parent)
    if above is None and parent.base:
        above = ensure_directory(parent)
    if Directory.objects.filter(organization=place.organization, path=place.path).exists():
        raise Conflict(f"{place.uri} is there already.")
    if above and File.objects.filter(directory=above, name=name).exists():
        raise Conflict(f"{place.uri} is a file.")
    directory = _insert_directory(place, above, read or (Read(above.read) if above else Read.MY_ALGORITHMS))
    if place.kind == Kind.COLLECTION:
        _audit(actor, directory, "directory.create", read=directory.read)
    return place


@transaction.atomic
def change_read(*, actor: Actor | None, place: Place, read: Read) -> None:
    """Who may read the directory and what lies in it, from now on. Raises NotFound, PermissionDenied, InvalidInput."""
    directory = _lock_writable(actor, place)
    if directory is None or directory.kind != Kind.COLLECTION:
        raise InvalidInput("acl", "Only collections have an ACL.")
    _tree_of(directory).update(read=read)
    _audit(actor, directory, "directory.share", read=read)


@transaction.atomic
def delete_path(*, actor: Actor | None, place: Place, force: bool) -> int:
    """Deletes a file, or a directory with all in it; answers how many files.

    Raises NotFound, PermissionDenied, NotEmpty.
    """
    if file := find_readable_file(actor, place):
        check_can_write(actor, file.directory)
        lock_usage(place.organization)
        return release_files(place.organization, File.objects.filter(pk=file.pk))
    directory = _lock_writable(actor, place)
    if directory is None:
        raise path_not_found()
    if not force and (directory.files.exists() or directory.folders.exists()):
        raise NotEmpty(f"{place.uri} is not empty: add force=true to delete all in it.")
    deleted = delete_tree(directory)
    if directory.kind == Kind.COLLECTION:
        _audit(actor, directory, "directory.delete", files=deleted)
    return deleted


@transaction.atomic
def set_default_collection(*, actor: Actor, algorithm: str, directory: Directory) -> None:
    """What `data://.algo/default` means to the algorithm `owner/name`, whose owner the actor acts for."""
    defaults = {"directory": directory}
    DefaultCollection.objects.update_or_create(algorithm=algorithm.lower(), defaults=defaults)
    _audit(actor, directory, "directory.default", algorithm=algorithm)


def get_writable_directory(actor: Actor | None, place: Place) -> Directory | None:
    """None where there is no row, but the actor may write: an owner's root, or one that always is there.

    Raises NotFound, PermissionDenied.
    """
    directory = find_directory(place)
    if directory is not None:
        check_can_write(actor, directory)
    elif place.names or actor is None:
        raise path_not_found()
    elif not actor.acts_for(place.organization.id):
        raise only_the_owner(place.organization)
    return directory


def ensure_directory(place: Place) -> Directory:
    """The row of a directory that always is there. For use in a transaction, under the owner's lock."""
    return find_directory(place) or _insert_directory(place, None, Read.PRIVATE)


def delete_tree(directory: Directory) -> int:
    """The directory and all below it; answers how many files. Under the owner's lock."""
    tree = _tree_of(directory)
    deleted = release_files(directory.organization, File.objects.filter(directory__in=tree))
    tree.delete()
    return deleted


def release_files(owner: Organization, files: QuerySet[File]) -> int:
    """Deletes the rows, and leaves their contents to the collector; answers how many. Under the owner's lock."""
    contents = Content.objects.filter(pk__in=list(files.values_list("content", flat=True)))
    size = contents.aggregate(size=Sum("size"))["size"] or 0
    files.delete()
    released = contents.update(released_at=timezone.now())
    StorageUsage.objects.filter(organization=owner).update(size=F("size") - size)
    return released


def _lock_writable(actor: Actor | None, place: Place) -> Directory | None:
    """As get_writable_directory, under the owner's lock, which nobody takes who may not write."""
    get_writable_directory(actor, place)
    lock_usage(place.organization)
    return get_writable_directory(actor, place)


def _insert_directory(place: Place, parent: Directory | None, read: Read) -> Directory:
    return Directory.objects.create(
        organization=place.organization,
        parent=parent,
        path=place.path,
        name=place.path.rpartition("/")[2],
        kind=place.kind,
        read=read,
        created_at=timezone.now(),
    )


def _tree_of(directory: Directory) -> QuerySet[Directory]:
    rows = Directory.objects.filter(organization=directory.organization)
    return rows.filter(pk=directory.pk) | rows.filter(path__startswith=join_path(directory.path) + "/")


def _audit(actor: Actor | None, directory: Directory, action: str, **details: object) -> None:
    assert actor is not None, "nobody may write"
    record(
        actor=actor.user,
        organization_id=directory.organization_id,
        action=action,
        subject_label=str(directory),
        subject_id=directory.id,
        details=details | ({"algorithm": actor.algorithm} if actor.algorithm else {}),
    )
