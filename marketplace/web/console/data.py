"""Hosted data in the browser: collections, their folders and files; who may read them. The API has the same rules."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from marketplace.datasets.addresses import check_name, split_names
from marketplace.datasets.contents import open_reader
from marketplace.datasets.models import File, Read
from marketplace.datasets.permissions import Actor, path_not_found
from marketplace.datasets.places import Place, find_place
from marketplace.datasets.selectors import Listing, find_readable_file, get_free_space, get_usage, list_directory
from marketplace.datasets.services import change_read, create_directory, delete_path
from marketplace.datasets.uploads import abandon_upload, begin_upload, explain, finish_upload
from marketplace.errors import Conflict, InvalidInput, OutOfSpace, TooLarge
from marketplace.organizations.permissions import check_can_use_data
from marketplace.organizations.selectors import AccessibleOrganization
from marketplace.web.console.page import organization_page, render_confirmation, render_page

READERS = (
    (Read.PRIVATE, "Your organization alone"),
    (Read.MY_ALGORITHMS, "Your organization, and its algorithms whoever calls them"),
    (Read.PUBLIC, "Everybody"),
)
SAYABLE = (Conflict, InvalidInput, OutOfSpace, TooLarge)


class FolderForm(forms.Form):
    """A collection, or a folder in one."""

    name = forms.CharField(label="Name", max_length=255)


class UploadForm(forms.Form):
    """A file, under its own name."""

    file = forms.FileField(label="File", allow_empty_file=True)


@dataclass(frozen=True)
class Crumb:
    """A directory on the way to the one that is shown."""

    name: str
    path: str


@require_GET
@organization_page
def browse(request: HttpRequest, scope: AccessibleOrganization) -> HttpResponse:
    """What lies at `path`; without one, the collections."""
    place = _place_of(request.GET.get("path", ""), scope)
    listing = _list(place, request.GET.get("after", ""), scope)
    context = {
        "place": place,
        "crumbs": list(_crumbs_of(place)),
        "listing": listing,
        "empty": not (listing.folders or listing.files),
        "readers": READERS,
        "reader": _say_reader(listing),
        "used": get_usage(owner=scope.organization),
        "free": get_free_space(owner=scope.organization),
        "folder_form": FolderForm(),
        "upload_form": UploadForm(),
    }
    return render_page(request, scope, "console/data.html", "data", context)


@require_GET
@organization_page
def download(request: HttpRequest, scope: AccessibleOrganization) -> HttpResponseBase:
    """The file at `path`, to be kept: no browser shows what it holds under our name."""
    file = _find_file(request.GET.get("path", ""), scope)
    return FileResponse(
        open_reader(UUID(str(file.content_id))),
        as_attachment=True,
        filename=file.name,
        content_type="application/octet-stream",
    )


@require_POST
@organization_page
def make_folder(request: HttpRequest, scope: AccessibleOrganization) -> HttpResponse:
    """Makes a collection, or a folder."""
    place, form = _place_of(request.POST.get("path", ""), scope), FolderForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Give it a name.")
        return _to_page(scope, place)
    try:
        return _to_page(
            scope,
            create_directory(actor=_actor_of(scope), parent=place, name=form.cleaned_data["name"].strip(), read=None),
        )
    except SAYABLE as error:
        messages.error(request, error.message)
        return _to_page(scope, place)


@require_POST
@organization_page
def upload(request: HttpRequest, scope: AccessibleOrganization) -> HttpResponse:
    """Puts a file there, in place of one that has its name."""
    place, form = _place_of(request.POST.get("path", ""), scope), UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        messages.error(request, "Choose a file first.")
        return _to_page(scope, place)
    file: UploadedFile = form.cleaned_data["file"]
    try:
        _store(_actor_of(scope), place.child(check_name(file.name, "file")), file)
        messages.success(request, f"{file.name} is there.")
    except SAYABLE as error:
        messages.error(request, error.message)
    return _to_page(scope, place)


@require_POST
@organization_page
def share(request: HttpRequest, scope: AccessibleOrganization) -> HttpResponse:
    """Says who may read a collection and all that lies in it."""
    place, read = _place_of(request.POST.get("path", ""), scope), request.POST.get("read", "")
    if read not in Read.values:
        messages.error(request, "Choose who may read it.")
    else:
        _change_read(request, scope, place, Read(read))
    return _to_page(scope, place)


@require_http_methods(["GET", "POST"])
@organization_page
def remove(request: HttpRequest, scope: AccessibleOrganization) -> HttpResponse:
    """Asks, and then deletes what lies at `path`, a directory with all in it."""
    place = _place_of(request.GET.get("path", ""), scope)
    if not place.names:
        raise path_not_found()
    if request.method == "POST":
        deleted = delete_path(actor=_actor_of(scope), place=place, force=True)
        messages.success(request, f"{place.name} is gone: {deleted} file{'' if deleted == 1 else 's'}.")
        return _to_page(scope, place.parent)
    return render_confirmation(
        request,
        scope,
        "data",
        question=f"Delete {place.uri}?",
        consequence="A folder goes with all that lies in it. Nobody can bring it back.",
        action="Delete it",
        back=_address(scope, place.parent),
    )


def _change_read(request: HttpRequest, scope: AccessibleOrganization, place: Place, read: Read) -> None:
    try:
        change_read(actor=_actor_of(scope), place=place, read=read)
        messages.success(request, "This holds from now on.")
    except InvalidInput as error:
        messages.error(request, error.message)


def _actor_of(scope: AccessibleOrganization) -> Actor:
    check_can_use_data(scope)
    return Actor(scope.organization, scope.user)


def _place_of(path: str, scope: AccessibleOrganization) -> Place:
    """Raises NotFound, also for what can be no path."""
    try:
        return find_place(_actor_of(scope), (".my", *split_names(path)))
    except InvalidInput:
        raise path_not_found() from None


def _list(place: Place, marker: str, scope: AccessibleOrganization) -> Listing:
    try:
        return list_directory(_actor_of(scope), place, marker)
    except InvalidInput:
        raise path_not_found() from None


def _find_file(path: str, scope: AccessibleOrganization) -> File:
    found = find_readable_file(_actor_of(scope), _place_of(path, scope))
    if found is None:
        raise path_not_found()
    return found


def _store(actor: Actor, place: Place, file: UploadedFile) -> None:
    begun = begin_upload(actor=actor, place=place, size=file.size)
    try:
        for chunk in file.chunks():
            begun.writer.write([chunk])
        begun.writer.finish()
        finish_upload(begun, file.size or 0)
    except BaseException as error:
        abandon_upload(begun)
        if isinstance(error, OSError):
            raise explain(error) from error
        raise


def _crumbs_of(place: Place) -> Iterator[Crumb]:
    for count, name in enumerate(place.names, start=1):
        yield Crumb(name, "/".join(place.names[:count]))


def _say_reader(listing: Listing) -> str:
    return dict(READERS).get(listing.read, "") if listing.read else ""


def _address(scope: AccessibleOrganization, place: Place) -> str:
    query = {"path": "/".join(place.names)} if place.names else None
    return reverse("console:data", args=[scope.organization.slug], query=query)


def _to_page(scope: AccessibleOrganization, place: Place) -> HttpResponse:
    return redirect(_address(scope, place))
