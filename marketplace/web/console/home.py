"""/console: on to the person's own organization."""

from collections.abc import Mapping
from types import MappingProxyType

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET

from marketplace.organizations.selectors import list_accessible_organizations
from marketplace.web.console.page import signed_in_page

OVERVIEW = "console:overview"
PAGES: Mapping[str, str] = MappingProxyType(
    {"keys": "console:keys", "balance": "console:balance", "algorithms": "console:algorithms", "store": "store:owner"}
)
"""What `to` names: links to a person's own pages need not know whose those are."""


@require_GET
@signed_in_page
def home(request: HttpRequest) -> HttpResponse:
    """A page of the person's first organization, the overview if none is named; one who has none makes it first."""
    scopes = list_accessible_organizations(user=request.user)
    if not scopes:
        return redirect("console:new-organization")
    return redirect(PAGES.get(request.GET.get("to", ""), OVERVIEW), scopes[0].organization.slug)
