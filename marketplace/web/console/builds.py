"""One build, followed while it goes on; cancelled, or begun again."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from marketplace.algorithms.build_queue import place_in_queue
from marketplace.algorithms.models import Build, BuildState
from marketplace.algorithms.selectors import get_build, get_owned_algorithm
from marketplace.algorithms.services import ENDED_BADLY, cancel_build, retry_build
from marketplace.errors import NotFound
from marketplace.organizations.permissions import can_publish
from marketplace.organizations.selectors import AccessibleOrganization
from marketplace.web.console.page import organization_page, render_page

UNFINISHED = {BuildState.QUEUED, BuildState.BUILDING}


@require_GET
@organization_page
def build(request: HttpRequest, scope: AccessibleOrganization, name: str, build_id: UUID) -> HttpResponse:
    """State and log. The script that follows the log has htmx ask for what stands above it, when the state changes."""
    found = _find(scope, name, build_id)
    context = {
        "algorithm": found.algorithm,
        "build": found,
        "unfinished": found.state in UNFINISHED,
        "ended_badly": found.state in ENDED_BADLY,
        "place": place_in_queue(found.pk) if found.state == BuildState.QUEUED else 0,
        "can_publish": can_publish(scope),
    }
    if request.headers.get("HX-Request"):
        return render(request, "console/build_status.html", context | {"organization": scope.organization})
    return render_page(request, scope, "console/build.html", "algorithms", context)


@require_POST
@organization_page
def cancel(_: HttpRequest, scope: AccessibleOrganization, name: str, build_id: UUID) -> HttpResponse:
    """Back to the build's page, which says that it is cancelled."""
    return _to_page(cancel_build(build=_find(scope, name, build_id), by=scope.user))


@require_POST
@organization_page
def retry(_: HttpRequest, scope: AccessibleOrganization, name: str, build_id: UUID) -> HttpResponse:
    """To the page of the new build."""
    return _to_page(retry_build(build=_find(scope, name, build_id), by=scope.user))


def _find(scope: AccessibleOrganization, name: str, build_id: UUID) -> Build:
    algorithm = get_owned_algorithm(scope=scope, name=name)
    found = get_build(scope=scope, build_id=build_id)
    if found.algorithm_id != algorithm.id:
        raise NotFound("There is no such build.")
    return found


def _to_page(build: Build) -> HttpResponse:
    algorithm = build.algorithm
    return redirect("console:build", algorithm.organization.slug, algorithm.name, build.pk)
