"""One build, followed while it goes on."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from marketplace.algorithms.models import BuildState
from marketplace.algorithms.selectors import get_build, get_owned_algorithm
from marketplace.errors import NotFound
from marketplace.organizations.selectors import AccessibleOrganization
from marketplace.web.console.page import organization_page, render_page

UNFINISHED = {BuildState.QUEUED, BuildState.BUILDING}


@require_GET
@organization_page
def build(request: HttpRequest, scope: AccessibleOrganization, name: str, build_id: UUID) -> HttpResponse:
    """State and log; htmx asks for these alone, again and again, until the build is over."""
    algorithm = get_owned_algorithm(scope=scope, name=name)
    found = get_build(scope=scope, build_id=build_id)
    if found.algorithm_id != algorithm.id:
        raise NotFound("There is no such build.")
    context = {"algorithm": algorithm, "build": found, "unfinished": found.state in UNFINISHED}
    if request.headers.get("HX-Request"):
        return render(request, "console/build_log.html", context | {"organization": scope.organization})
    return render_page(request, scope, "console/build.html", "algorithms", context)
