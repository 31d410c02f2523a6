"""The page for somebody whom single sign-on did not let in."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from marketplace.organizations.models import Organization


def refuse(
    request: HttpRequest,
    reason: str,
    *,
    organization: Organization | None = None,
    connect: bool = False,
    tell_admin: bool = False,
) -> HttpResponse:
    """Says why, and what to do next."""
    context = {"reason": reason, "organization": organization, "connect": connect, "tell_admin": tell_admin}
    return render(request, "sign_on/refused.html", context, status=403)
