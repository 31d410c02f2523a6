"""How the members of an organization sign in: what it asks of them."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from marketplace.accounts.selectors import has_second_factor
from marketplace.errors import Conflict
from marketplace.organizations.permissions import check_can_manage_sign_on
from marketplace.organizations.selectors import AccessibleOrganization, list_members_without_second_factor
from marketplace.organizations.services import set_two_factor
from marketplace.web.console.page import organization_page, render_page


@require_safe
@organization_page
def sign_in(request: HttpRequest, scope: AccessibleOrganization) -> HttpResponse:
    """What is asked for, and who lacks it."""
    check_can_manage_sign_on(scope)
    context = {
        "without": list_members_without_second_factor(scope=scope),
        "has_second_factor": has_second_factor(scope.user),
    }
    return render_page(request, scope, "console/sign_in.html", "sign_in", context)


@require_POST
@organization_page
def two_factor(request: HttpRequest, scope: AccessibleOrganization) -> HttpResponse:
    """Asks members for a second factor, or no more."""
    required = request.POST.get("required") == "yes"
    try:
        set_two_factor(scope=scope, required=required)
    except Conflict as error:
        messages.error(request, error.message)
    else:
        name = scope.organization.name
        messages.success(request, f"{name} {'asks' if required else 'no longer asks'} for two-factor sign-in.")
    return redirect("console:sign-in", scope.organization.slug)
