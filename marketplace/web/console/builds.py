"""One build, followed while it goes on; cancelled, or begun again."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from marketplace.algorithms.build_queue import place_in_queue
from marketplace.algorithms.models import Build, BuildState
from marketplace.algorithms.selectors import get_build, get_owned_algorithm
from marketplace.algorithms.services import ENDED_BADLY, cancel_build, retry_build
from marketplace.algorithms.version_numbers import BUMPS
from marketplace.errors import Conflict, InvalidInput, NotFound
from marketplace.invocations.sample_runs import publish_tested
from marketplace.organizations.permissions import can_publish
from marketplace.organizations.selectors import AccessibleOrganization
from marketplace.web.console.page import organization_page, render_page
from marketplace.web.store.call_examples import CallExample, make_call_examples

UNFINISHED = {BuildState.QUEUED, BuildState.BUILDING}
LONGEST_NOTES = 10_000
WHAT_CHANGES = tuple(
    zip(BUMPS, ("Something that worked may not work any more", "Something new works", "A mistake less"), strict=True)
)


class PublishForm(forms.Form):
    """Under which number, and what is said of it."""

    bump = forms.ChoiceField(label="What changes for its callers", choices=WHAT_CHANGES, initial="minor")
    release_notes = forms.CharField(
        label="What is new", required=False, max_length=LONGEST_NOTES, widget=forms.Textarea({"rows": 3})
    )


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
        "form": PublishForm(),
        "example": _example_of(request, found),
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
def retry(request: HttpRequest, scope: AccessibleOrganization, name: str, build_id: UUID) -> HttpResponse:
    """To the page of the new build, or back where there is none: its environment may have retired."""
    found = _find(scope, name, build_id)
    try:
        return _to_page(retry_build(build=found, by=scope.user))
    except InvalidInput as error:
        messages.error(request, error.message)
        return _to_page(found)


@require_POST
@organization_page
def publish(request: HttpRequest, scope: AccessibleOrganization, name: str, build_id: UUID) -> HttpResponse:
    """Runs the samples, publishes, and leads to the version's page; or says on the build's page why not."""
    found = _find(scope, name, build_id)
    form = PublishForm(request.POST)
    try:
        if form.is_valid():
            version = publish_tested(build=found, by=scope.user, **form.cleaned_data)
            messages.success(request, f"Version {version.number} is published: its callers get it within a second.")
            return redirect("console:version", scope.organization.slug, found.algorithm.name, version.number)
        problem = "Say what changes for its callers."
    except (Conflict, InvalidInput) as error:
        problem = error.message
    messages.error(request, problem)
    return _to_page(found)


def _example_of(request: HttpRequest, found: Build) -> CallExample:
    """How its owners call a build that is no version: by the hash of its source."""
    name, sample = f"{found.algorithm.full_name}/{found.source_hash}", found.settings.get("sample_input", "")
    return make_call_examples(address=request.build_absolute_uri("/").rstrip("/"), full_name=name, sample=sample)[0]


def _find(scope: AccessibleOrganization, name: str, build_id: UUID) -> Build:
    algorithm = get_owned_algorithm(scope=scope, name=name)
    found = get_build(scope=scope, build_id=build_id)
    if found.algorithm_id != algorithm.id:
        raise NotFound("There is no such build.")
    return found


def _to_page(build: Build) -> HttpResponse:
    algorithm = build.algorithm
    return redirect("console:build", algorithm.organization.slug, algorithm.name, build.pk)
