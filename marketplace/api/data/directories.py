"""Lists, ACLs, new directories and deletions: short work in the database, for a thread."""

import base64
from collections.abc import Callable

from marketplace.api.data.replies import DIRECTORY, Reply, reply_with_error, reply_with_json, reply_with_listing
from marketplace.api.data.requests import DataRequest, read_acl, read_object
from marketplace.datasets.models import File
from marketplace.datasets.permissions import Actor
from marketplace.datasets.places import Place, find_place
from marketplace.datasets.selectors import find_readable_file, list_directory
from marketplace.datasets.services import change_read, create_directory, delete_path
from marketplace.errors import InvalidInput, MarketplaceError

Work = Callable[[Actor | None, DataRequest, bytes], Reply]


def get_path(actor: Actor | None, request: DataRequest) -> File | Reply:
    """A file, for its bytes to be sent, or the answer that lists a directory. Raises NotFound, InvalidInput."""
    if not request.names:
        return _list_root(actor)
    place = find_place(actor, request.names)
    file = find_readable_file(actor, place)
    return file or _list(actor, place, request)


def create(actor: Actor | None, request: DataRequest, body: bytes) -> Reply:
    """POST. Raises MarketplaceError."""
    asked = read_object(body)
    read = read_acl(asked)
    parent = find_place(actor, request.named, to_write=True)
    made = create_directory(actor=actor, parent=parent, name=asked.get("name"), read=read)
    return reply_with_json({"result": made.uri})


def change(actor: Actor | None, request: DataRequest, body: bytes) -> Reply:
    """PATCH. Raises MarketplaceError."""
    read = read_acl(read_object(body))
    if read is None:
        raise InvalidInput("acl", "This field is required.")
    place = find_place(actor, request.named, to_write=True)
    change_read(actor=actor, place=place, read=read)
    return reply_with_json({"result": place.uri})


def delete(actor: Actor | None, request: DataRequest, body: bytes) -> Reply:  # noqa: ARG001 - as the others
    """DELETE. Raises MarketplaceError."""
    place = find_place(actor, request.named, to_write=True)
    try:
        deleted = delete_path(actor=actor, place=place, force=request.asks_for("force"))
    except MarketplaceError as error:
        if actor is None:
            raise
        return reply_with_error(error, deleted=0)
    return reply_with_json({"result": {"deleted": deleted}})


def _list_root(actor: Actor | None) -> Reply:
    """Published clients take the first folder for the name of the caller."""
    return reply_with_json({"folders": [{"name": actor.organization.slug}]} if actor else {}, **DIRECTORY)


def _list(actor: Actor | None, place: Place, request: DataRequest) -> Reply:
    listing = list_directory(actor, place, _read_marker(request.query.get("marker", "")))
    marker = None if listing.marker is None else base64.urlsafe_b64encode(listing.marker.encode()).decode()
    return reply_with_listing(listing, marker=marker, with_acl=request.asks_for("acl"))


def _read_marker(text: str) -> str:
    try:
        return base64.b64decode(text, altchars="-_", validate=True).decode()
    except ValueError:
        raise InvalidInput("marker", "Send the marker of the page before as it was answered.") from None
