"""One version: what it is, what differs from the one before, and who still gets it."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from marketplace.algorithms.differences import compare_versions
from marketplace.algorithms.models import Algorithm, Version
from marketplace.algorithms.samples import read_results
from marketplace.algorithms.selectors import get_owned_algorithm, list_versions
from marketplace.algorithms.services import withdraw_version
from marketplace.algorithms.version_life import LONGEST_DEPRECATION, deprecate_version, end_deprecation, make_latest
from marketplace.algorithms.version_numbers import VersionNumber
from marketplace.errors import InvalidInput, NotFound
from marketplace.organizations.permissions import can_publish, can_withdraw, check_can_withdraw
from marketplace.organizations.selectors import AccessibleOrganization
from marketplace.web.console.page import organization_page, render_confirmation, render_page


class DeprecationForm(forms.Form):
    """What callers are told."""

    text = forms.CharField(
        label="What its callers are told", max_length=LONGEST_DEPRECATION, widget=forms.Textarea({"rows": 2})
    )


@require_GET
@organization_page
def version(request: HttpRequest, scope: AccessibleOrganization, name: str, number: str) -> HttpResponse:
    """The version, compared with the one that `with` names, by default the one before."""
    algorithm = get_owned_algorithm(scope=scope, name=name)
    found = _find_version(algorithm, number)
    return _render(request, scope, found, DeprecationForm(initial={"text": found.deprecation}))


@require_POST
@organization_page
def deprecate(request: HttpRequest, scope: AccessibleOrganization, name: str, number: str) -> HttpResponse:
    """Has its callers told that they should leave it; without a text, takes that back."""
    found = _find_version(get_owned_algorithm(scope=scope, name=name), number)
    form = DeprecationForm(request.POST)
    try:
        if "end" in request.POST:
            end_deprecation(version=found, by=scope.user)
            messages.success(request, f"Version {found.number} is recommended again.")
        elif form.is_valid():
            deprecate_version(version=found, text=form.cleaned_data["text"], by=scope.user)
            messages.success(request, f"Version {found.number} is deprecated: each of its answers says so.")
        else:
            return _render(request, scope, found, form)
    except InvalidInput as error:
        form.add_error(None, error.message)
        return _render(request, scope, found, form)
    return redirect("console:version", scope.organization.slug, found.algorithm.name, found.number)


@require_POST
@organization_page
def latest(request: HttpRequest, scope: AccessibleOrganization, name: str, number: str) -> HttpResponse:
    """Gives it to callers who name no version: newer ones are rolled back."""
    found = _find_version(get_owned_algorithm(scope=scope, name=name), number)
    make_latest(version=found, by=scope.user)
    messages.success(request, f"Callers who name no version get {found.number} from now on.")
    return redirect("console:version", scope.organization.slug, found.algorithm.name, found.number)


@require_http_methods(["GET", "POST"])
@organization_page
def withdraw(request: HttpRequest, scope: AccessibleOrganization, name: str, number: str) -> HttpResponse:
    """Asks, then takes the version away from its callers."""
    algorithm = get_owned_algorithm(scope=scope, name=name)
    version = _find_version(algorithm, number)
    check_can_withdraw(scope)
    if request.method == "POST":
        withdraw_version(version=version, by=scope.user)
        messages.success(request, f"Version {version.number} of {algorithm.full_name} is withdrawn.")
        return redirect("console:algorithm", scope.organization.slug, algorithm.name)
    return render_confirmation(
        request,
        scope,
        "algorithms",
        question=f"Withdraw {algorithm.name} {version.number}?",
        consequence="Whoever calls this version gets an error within a second; those who do not name one get the "
        "newest that is left. A withdrawn version does not come back: publish a new one instead.",
        action="Withdraw the version",
        back=reverse("console:algorithm", args=[scope.organization.slug, algorithm.name]),
    )


def _render(request: HttpRequest, scope: AccessibleOrganization, found: Version, form: DeprecationForm) -> HttpResponse:
    versions = list_versions(algorithm=found.algorithm, withdrawn=True)
    live = [each for each in versions if each.withdrawn_at is None]
    others = sorted(
        (each for each in versions if each.pk != found.pk),
        key=lambda each: VersionNumber.parse(each.number),
        reverse=True,
    )
    context = {
        "algorithm": found.algorithm,
        "version": found,
        "latest": live[0] if live else None,
        "is_latest": bool(live) and live[0].pk == found.pk,
        "others": others,
        "differences": compare_versions(found, others, request.GET.get("with", ""), source=True),
        "results": read_results(found.sample_results),
        "can_publish": can_publish(scope),
        "can_withdraw": can_withdraw(scope),
        "form": form,
    }
    return render_page(request, scope, "console/version.html", "algorithms", context)


def _find_version(algorithm: Algorithm, number: str) -> Version:
    """By its whole number; one that is withdrawn is found too, so that withdrawing again tells the gateways again."""
    versions = list_versions(algorithm=algorithm, withdrawn=True)
    found = next((version for version in versions if version.number == number), None)
    if found is None:
        raise NotFound(f"There is no version {number} of {algorithm.full_name}.")
    return found
