"""What the pages of the console have in common: who may open them, and what stands around each."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers

from marketplace.accounts.models import User
from marketplace.organizations.permissions import (
    can_manage_payments,
    can_manage_sign_on,
    can_read_audit,
    can_read_payments,
    can_use_data,
)
from marketplace.organizations.selectors import (
    AccessibleOrganization,
    get_accessible_organization,
    list_accessible_organizations,
)
from marketplace.organizations.services import note_seen
from marketplace.sign_on.policy import check_let_in
from marketplace.web.sessions import list_signed_on

View = Callable[..., HttpResponse]


def signed_in_page(view: View) -> View:
    """For people who are signed in; others sign in first and come back. Nothing of it is kept by the browser."""

    @wraps(view)
    def guarded(request: HttpRequest, **parts: Any) -> HttpResponse:
        if not isinstance(request.user, User):
            return _send_to_login(request)
        response = view(request, **parts)
        add_never_cache_headers(response)
        return response

    return guarded


def organization_page(view: View) -> View:
    """For members of the organization that the address names: `view(request, scope, ...)`. Strangers get 404.

    Raises NotLetIn for members who must first do something about how they sign in.
    """

    @wraps(view)
    def scoped(request: HttpRequest, slug: str, **parts: Any) -> HttpResponse:
        scope = get_accessible_organization(user=request.user, slug=slug)
        check_let_in(scope, signed_on=list_signed_on(request))
        note_seen(scope=scope, now=timezone.now())
        return view(request, scope, **parts)

    return signed_in_page(scoped)


def render_page(
    request: HttpRequest, scope: AccessibleOrganization, template: str, section: str, context: dict[str, Any]
) -> HttpResponse:
    """A page of the organization; `section` is the entry of the menu that it belongs to."""
    frame = {
        "scope": scope,
        "organization": scope.organization,
        "scopes": list_accessible_organizations(user=scope.user),
        "section": section,
        "can_manage_sign_on": can_manage_sign_on(scope),
        "can_use_data": can_use_data(scope),
        "can_read_audit": can_read_audit(scope),
        "can_manage_payments": can_manage_payments(scope),
        "can_read_payments": can_read_payments(scope),
    }
    return render(request, template, frame | context)


def render_confirmation(
    request: HttpRequest,
    scope: AccessibleOrganization,
    section: str,
    *,
    question: str,
    consequence: str,
    action: str,
    back: str,
) -> HttpResponse:
    """Asks before something is done that cannot be undone; the form posts to this very address."""
    context = {"question": question, "consequence": consequence, "action": action, "back": back}
    return render_page(request, scope, "console/confirmation.html", section, context)


def read_uuid(text: str) -> UUID | None:
    """None for what is no UUID."""
    try:
        return UUID(text)
    except ValueError:
        return None


def _send_to_login(request: HttpRequest) -> HttpResponse:
    if request.headers.get("HX-Request"):  # htmx would put the sign-in page into a corner of this one
        return HttpResponse(headers={"HX-Refresh": "true"})
    return redirect_to_login(request.get_full_path())
