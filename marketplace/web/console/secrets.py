"""Secrets of an algorithm and of its organization: set and taken away here, and never shown."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

from marketplace.algorithms.organization_secrets import (
    delete_organization_secret,
    list_organization_secrets,
    set_organization_secret,
)
from marketplace.algorithms.secrets import LARGEST_VALUE, delete_secret, get_secret, list_secrets, set_secret
from marketplace.algorithms.selectors import find_latest_version, get_owned_algorithm
from marketplace.errors import InvalidInput
from marketplace.organizations.selectors import AccessibleOrganization
from marketplace.web.console.page import organization_page, render_page


class SecretForm(forms.Form):
    """A value for an environment variable."""

    variable = forms.CharField(
        label="Environment variable",
        max_length=100,
        help_text="Another value for the same variable replaces the one before.",
    )
    value = forms.CharField(
        label="Value", max_length=LARGEST_VALUE, strip=False, widget=forms.Textarea({"rows": 2, "autocomplete": "off"})
    )
    label = forms.CharField(label="What it is for", max_length=100)
    shared = forms.BooleanField(label="For all algorithms of the organization", required=False)


@require_http_methods(["GET", "POST"])
@organization_page
def secrets(request: HttpRequest, scope: AccessibleOrganization, name: str) -> HttpResponse:
    """Both lists, without the values, and a form for another; of the same variable there is one."""
    algorithm = get_owned_algorithm(scope=scope, name=name)
    own = list(list_secrets(scope=scope, algorithm=algorithm))
    form = SecretForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = {key: form.cleaned_data[key] for key in ("variable", "value", "label")}
        try:
            if form.cleaned_data["shared"]:
                set_organization_secret(scope=scope, **given)
            else:
                set_secret(algorithm=algorithm, by=scope.user, **given)
        except InvalidInput as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, f"{given['variable']} is in the slots of the next calls.")
            return redirect("console:secrets", scope.organization.slug, algorithm.name)
    context = {
        "algorithm": algorithm,
        "latest": find_latest_version(algorithm=algorithm),
        "own": own,
        "shared": list_organization_secrets(scope=scope),
        "hidden": {secret.variable for secret in own},
        "form": form,
    }
    return render_page(request, scope, "console/secrets.html", "algorithms", context)


@require_POST
@organization_page
def remove(request: HttpRequest, scope: AccessibleOrganization, name: str, secret_id: UUID) -> HttpResponse:
    """Takes one of the algorithm's away."""
    algorithm = get_owned_algorithm(scope=scope, name=name)
    delete_secret(secret=get_secret(scope=scope, algorithm=algorithm, secret_id=secret_id), by=scope.user)
    messages.success(request, "The secret is gone from the slots.")
    return redirect("console:secrets", scope.organization.slug, algorithm.name)


@require_POST
@organization_page
def remove_shared(request: HttpRequest, scope: AccessibleOrganization, name: str, secret_id: UUID) -> HttpResponse:
    """Takes one of the organization's away."""
    algorithm = get_owned_algorithm(scope=scope, name=name)
    delete_organization_secret(scope=scope, secret_id=secret_id)
    messages.success(request, "The secret is gone from the slots of all algorithms.")
    return redirect("console:secrets", scope.organization.slug, algorithm.name)
