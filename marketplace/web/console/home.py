"""/console: on to the person's own organization."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET

from marketplace.organizations.selectors import list_accessible_organizations
from marketplace.web.console.page import signed_in_page


@require_GET
@signed_in_page
def home(request: HttpRequest) -> HttpResponse:
    """The overview of the person's first organization; one who has none makes it first."""
    scopes = list_accessible_organizations(user=request.user)
    return redirect("console:overview", scopes[0].organization.slug) if scopes else redirect("console:new-organization")
