"""Withdrawing a version."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from marketplace.algorithms.models import Algorithm, Version
from marketplace.algorithms.selectors import get_owned_algorithm, list_versions
from marketplace.algorithms.services import withdraw_version
from marketplace.errors import NotFound
from marketplace.organizations.permissions import check_can_withdraw
from marketplace.organizations.selectors import AccessibleOrganization
from marketplace.web.console.page import organization_page, render_confirmation


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


def _find_version(algorithm: Algorithm, number: str) -> Version:
    """By its whole number; one that is withdrawn is found too, so that withdrawing again tells the gateways again."""
    versions = list_versions(algorithm=algorithm, withdrawn=True)
    found = next((version for version in versions if version.number == number), None)
    if found is None:
        raise NotFound(f"There is no version {number} of {algorithm.full_name}.")
    return found
