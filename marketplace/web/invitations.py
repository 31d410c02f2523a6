"""The page that an invitation leads to: accepted or declined, after signing in or up."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_http_methods

from marketplace.accounts.models import User
from marketplace.organizations.invitations import accept, decline, read_link


@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Who asks whom to what; the form accepts or declines. Who holds the link may decline without an account."""
    found = read_link(token, now=timezone.now())
    if request.method == "POST" and "decline" in request.POST:
        decline(invitation=found, now=timezone.now())
        messages.success(request, f"You declined the invitation to {found.organization.name}.")
        return redirect("store:home")
    if request.method == "POST" and isinstance(request.user, User):
        accept(invitation=found, user=request.user, now=timezone.now())
        messages.success(request, f"You are a member of {found.organization.name} now.")
        return redirect("console:overview", found.organization.slug)
    response = render(request, "console/invitation.html", {"invitation": found})
    add_never_cache_headers(response)
    return response


urlpatterns = [path("invitations/<str:token>", invitation, name="invitation")]
