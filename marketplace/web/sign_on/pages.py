"""The way out to a provider, and the addresses at which it sends people back."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

import requests
from allauth.account.adapter import get_adapter
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect import views as openid_views
from allauth.socialaccount.providers.saml import views as saml_views
from django import forms
from django.core.exceptions import ImproperlyConfigured
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_http_methods
from onelogin.saml2.errors import OneLogin_Saml2_Error

from marketplace.accounts.models import User
from marketplace.errors import NotFound
from marketplace.sealing import CannotUnseal
from marketplace.sign_on.models import SignOn
from marketplace.sign_on.selectors import find_sign_on
from marketplace.web.sign_on.adapter import make_app
from marketplace.web.sign_on.refusal import refuse

logger = logging.getLogger(__name__)

View = Callable[..., HttpResponse]
ODD = (
    ValueError,
    KeyError,
    SyntaxError,
    DjangoPermissionDenied,
    ImproperlyConfigured,
    OneLogin_Saml2_Error,
    OAuth2Error,
    CannotUnseal,
)
"""What allauth raises at answers that are no answers: to no question, to an old one, without a name."""


class StartForm(forms.Form):
    """Where somebody wants to sign in."""

    organization = forms.CharField(
        max_length=254,
        label="Organization, or your e-mail address there",
        error_messages={"required": "Which organization? Give its name, or your e-mail address there."},
    )

    def clean_organization(self) -> SignOn:
        """Raises ValidationError."""
        text: str = self.cleaned_data["organization"]
        found = find_sign_on(name_or_email=text)
        if found is None:
            raise forms.ValidationError(
                f"No organization here signs on for {text.strip()}: look how it is spelled, or sign in with a password."
            )
        return found


@require_http_methods(["GET", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """Asks for the organization; a POST leads to its provider, and `connect` binds who is signed in to what it says."""
    asked = request.POST if request.method == "POST" else None
    form = StartForm(asked, initial={"organization": request.GET.get("organization", "")})
    if request.method == "POST" and form.is_valid():
        return _lead_on(request, form.cleaned_data["organization"])
    given = request.GET | request.POST
    connecting = "connect" in given and request.user.is_authenticated
    context = {"form": form, "next": given.get("next", ""), "connecting": connecting}
    response = render(request, "sign_on/start.html", context)
    add_never_cache_headers(response)
    return response


def answers_provider(view: View) -> View:
    """A page for what cannot be believed, whatever allauth makes of it."""

    @wraps(view)
    def guarded(request: HttpRequest, **parts: Any) -> HttpResponse:
        try:
            response = view(request, **parts)
        except ODD as error:
            logger.warning("an answer of a provider is refused: %r", error)
            said = "This answer was used already, is too old, or answers nothing that we asked: sign in again."
            response = refuse(request, said)
        add_never_cache_headers(response)
        return response

    return guarded


def no_single_logout(request: HttpRequest, organization_slug: str) -> HttpResponse:  # noqa: ARG001
    """Raises NotFound."""
    raise NotFound("Signing out at the provider does not sign out here: use the account menu.")


openid_callback = answers_provider(openid_views.callback)
saml_answer = saml_views.acs
"""Exempt from CSRF: the provider posts to it. It only keeps what was posted for the next one, which checks it."""
saml_finish = answers_provider(saml_views.finish_acs)


def _lead_on(request: HttpRequest, sign_on: SignOn) -> HttpResponse:
    next_url = request.POST.get("next", "")
    if not next_url or not get_adapter(request).is_safe_url(next_url):
        next_url = f"/console/{sign_on.organization.slug}"
    connecting = request.user.pk if isinstance(request.user, User) and "connect" in request.POST else None
    try:
        provider = make_app(sign_on).get_provider(request)
        onward = provider.redirect(request, process="login", next_url=next_url, data={"connect": connecting})
    except (requests.RequestException, *ODD) as error:
        logger.warning("the provider of %s does not answer: %r", sign_on.organization.slug, error)
        said = "The provider does not answer as it should: try again in a moment."
        return refuse(request, said, organization=sign_on.organization, tell_admin=True)
    context = {"organization": sign_on.organization, "address": onward["Location"]}
    response = render(request, "sign_on/onward.html", context)
    add_never_cache_headers(response)
    return response
