"""Reads of hosted data. Each takes whom it is for, and finds nothing that they may not read."""

from dataclasses import dataclass

from django.conf import settings
from django.db.models import QuerySet

from marketplace.datasets.models import Directory, File, Kind, Read, StorageUsage
from marketplace.datasets.permissions import Actor, check_can_read, path_not_found, readable_by
from marketplace.datasets.places import Place
from marketplace.errors import InvalidInput
from marketplace.organizations.models import Organization

PAGE_SIZE = 1000


@dataclass(frozen=True)
class Listing:
    """A page of what lies in a directory: folders first, each by name."""

    folders: list[Directory]
    files: list[File]
    marker: str | None
    """What continues it; None on the last page."""
    read: Read | None
    """None for an owner's root, which has no rule of its own."""


def find_directory(place: Place) -> Directory | None:
    """The row, whoever asks. None for an owner's root, which has none."""
    rows = Directory.objects.select_related("organization")
    return rows.filter(organization=place.organization, path=place.path).first() if place.path else None


def find_readable_file(actor: Actor | None, place: Place) -> File | None:
    """None if there is none that the actor may read."""
    if not place.names:
        return None
    rows = File.objects.select_related("content", "directory")
    return rows.filter(
        directory__organization=place.organization,
        directory__path=place.parent.path,
        directory__read__in=readable_by(actor, place.organization),
        name=place.name,
    ).first()


def get_readable_directory(actor: Actor | None, place: Place) -> Directory | None:
    """None for what needs no row to be there: an owner's root, or a directory that always is. Raises NotFound."""
    directory = find_directory(place)
    if directory is not None:
        check_can_read(actor, directory)
    elif place.names:
        raise path_not_found()
    return directory


def list_directory(actor: Actor | None, place: Place, marker: str = "") -> Listing:
    """Raises NotFound, InvalidInput."""
    directory = get_readable_directory(actor, place)
    folders = _folders_of(place, directory).filter(read__in=readable_by(actor, place.organization)).order_by("name")
    files = File.objects.filter(directory=directory) if directory else File.objects.none()
    read = Read(directory.read) if directory else _read_without_row(place)
    return _page(folders, files.select_related("content").order_by("name"), marker, read)


def list_collections(*, owner: Organization) -> QuerySet[Directory]:
    """The owner's collections and what algorithms keep for them, by path."""
    rows = Directory.objects.filter(organization=owner, parent=None).exclude(kind=Kind.SESSION)
    return rows.select_related("organization").order_by("path")


def get_collection(*, owner: Organization, collection_id: object) -> Directory:
    """A collection of the owner. Raises NotFound."""
    rows = Directory.objects.filter(organization=owner, parent=None, kind=Kind.COLLECTION)
    rows = rows.select_related("organization")
    directory = rows.filter(pk=collection_id).first()
    if directory is None:
        raise path_not_found()
    return directory


def get_usage(*, owner: Organization) -> int:
    """Bytes that the owner's files take."""
    row = StorageUsage.objects.filter(organization=owner).first()
    return row.size if row else 0


def get_free_space(*, owner: Organization) -> int:
    """Bytes that the owner may still store."""
    return settings.DATA_QUOTA - get_usage(owner=owner)


def _folders_of(place: Place, directory: Directory | None) -> QuerySet[Directory]:
    if directory is not None:
        return directory.folders.all()
    if place.kind != Kind.COLLECTION:
        return Directory.objects.none()
    return Directory.objects.filter(organization=place.organization, parent=None, kind=Kind.COLLECTION)


def _read_without_row(place: Place) -> Read | None:
    return None if place.kind == Kind.COLLECTION else Read.PRIVATE


def _page(folders: QuerySet[Directory], files: QuerySet[File], marker: str, read: Read | None) -> Listing:
    """A marker is `d` or `f`, for what the last name was of, and that name."""
    sort, after = marker[:1], marker[1:]
    if sort not in {"", "d", "f"} or "\0" in after:
        raise InvalidInput("marker", "Send the marker of the page before as it was answered.")
    found_folders = list(folders.filter(name__gt=after)[: PAGE_SIZE + 1]) if sort != "f" else []
    room = PAGE_SIZE + 1 - len(found_folders)
    found_files = list(files.filter(name__gt=after if sort == "f" else "")[:room])
    if len(found_folders) + len(found_files) <= PAGE_SIZE:
        return Listing(found_folders, found_files, None, read)
    if found_files:
        last = found_files[-2].name if len(found_files) > 1 else ""
        return Listing(found_folders, found_files[:-1], f"f{last}", read)
    return Listing(found_folders[:-1], [], f"d{found_folders[-2].name}", read)
