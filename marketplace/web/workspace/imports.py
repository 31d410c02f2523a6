"""Where an algorithm's source is imported from: set up, looked at, fetched again, ended."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from marketplace.algorithms.models import Algorithm
from marketplace.algorithms.selectors import find_latest_version, get_owned_algorithm
from marketplace.errors import InvalidInput
from marketplace.organizations.selectors import AccessibleOrganization
from marketplace.repositories.git import BRANCH
from marketplace.repositories.imports import (
    end_import,
    fetch_again,
    find_import_of,
    set_import,
    webhook_address,
    webhook_secret,
)
from marketplace.repositories.models import Provider, SourceImport
from marketplace.repositories.selectors import find_push
from marketplace.web.console.page import organization_page, render_page


class ImportForm(forms.Form):
    """A branch to follow."""

    provider = forms.ChoiceField(label="Host", choices=Provider.choices)
    url = forms.CharField(
        label="Repository",
        max_length=2_000,
        help_text="The address that git clone takes, by https. It must be public.",
        widget=forms.URLInput({"placeholder": "https://github.com/ann/ocr"}),
    )
    branch = forms.CharField(label="Branch", max_length=200, initial=BRANCH)


@require_http_methods(["GET", "POST"])
@organization_page
def source_import(request: HttpRequest, scope: AccessibleOrganization, name: str) -> HttpResponse:
    """What is followed and how that goes, and a form for another, whose answer alone has the secret."""
    algorithm = get_owned_algorithm(scope=scope, name=name)
    found = find_import_of(algorithm=algorithm, scope=scope)
    form = ImportForm(request.POST or None, initial=_followed(found))
    made = _set(algorithm, scope, form) if request.method == "POST" and form.is_valid() else None
    current = made or found
    context = {
        "algorithm": algorithm,
        "latest": find_latest_version(algorithm=algorithm),
        "form": form,
        "found": current,
        "push": find_push(algorithm=algorithm, commit=current.commit) if current and current.commit else None,
        "webhook": webhook_address(current) if current else "",
        "secret": webhook_secret(made) if made else "",
    }
    return render_page(request, scope, "workspace/import.html", "algorithms", context)


@require_POST
@organization_page
def fetch(request: HttpRequest, scope: AccessibleOrganization, name: str) -> HttpResponse:
    """Has a worker look at the branch now."""
    fetch_again(algorithm=get_owned_algorithm(scope=scope, name=name), scope=scope)
    messages.success(request, "It is being fetched. What is new is built.")
    return redirect("workspace:import", scope.organization.slug, name)


@require_POST
@organization_page
def end(request: HttpRequest, scope: AccessibleOrganization, name: str) -> HttpResponse:
    """Follows it no longer."""
    end_import(algorithm=get_owned_algorithm(scope=scope, name=name), scope=scope)
    messages.success(request, "It is followed no longer. What was imported stays.")
    return redirect("workspace:import", scope.organization.slug, name)


def _followed(found: SourceImport | None) -> dict[str, str]:
    return {"provider": found.provider, "url": found.url, "branch": found.branch} if found else {}


def _set(algorithm: Algorithm, scope: AccessibleOrganization, form: ImportForm) -> SourceImport | None:
    """None when it cannot be followed: the form says why."""
    try:
        return set_import(algorithm=algorithm, scope=scope, now=timezone.now(), **form.cleaned_data)
    except InvalidInput as error:
        form.add_error(error.field if error.field in form.fields else None, error.message)
        return None
