"""An organization's identity provider and its mail domains, on the page about how members sign in."""

from collections.abc import Callable

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from marketplace.errors import Conflict, InvalidInput, Unavailable
from marketplace.organizations.permissions import check_can_manage_sign_on
from marketplace.organizations.selectors import AccessibleOrganization
from marketplace.sign_on.documents import read_metadata
from marketplace.sign_on.domains import add_domain, prove_domain, remove_domain
from marketplace.sign_on.services import remove_sign_on, require_sign_on, set_openid, set_saml
from marketplace.web.console.page import organization_page, render_confirmation
from marketplace.web.console.sign_in import DomainForm, OpenidForm, SamlForm, show_sign_in
from marketplace.web.sessions import list_signed_on


@require_POST
@organization_page
def openid(request: HttpRequest, scope: AccessibleOrganization) -> HttpResponse:
    """Signs on by OpenID Connect from now on."""
    check_can_manage_sign_on(scope)
    form = OpenidForm(request.POST)
    if form.is_valid() and _try(form, lambda: set_openid(scope=scope, now=timezone.now(), **form.cleaned_data)):
        return _done(request, scope, "Single sign-on is set. Try it in another browser before you rely on it.")
    return show_sign_in(request, scope, openid=form)


@require_POST
@organization_page
def saml(request: HttpRequest, scope: AccessibleOrganization) -> HttpResponse:
    """Signs on by SAML from now on."""
    check_can_manage_sign_on(scope)
    form = SamlForm(request.POST)
    if form.is_valid() and _try(form, lambda: _set_saml(scope, form)):
        return _done(request, scope, "Single sign-on is set. Try it in another browser before you rely on it.")
    return show_sign_in(request, scope, saml=form)


@require_http_methods(["GET", "POST"])
@organization_page
def remove(request: HttpRequest, scope: AccessibleOrganization) -> HttpResponse:
    """Asks, and signs on no more."""
    check_can_manage_sign_on(scope)
    if request.method == "POST":
        remove_sign_on(scope=scope)
        return _done(request, scope, "There is no single sign-on any more.")
    return render_confirmation(
        request,
        scope,
        "sign_in",
        question="Remove single sign-on?",
        consequence="Members keep their accounts. Who has no password gets one by mail: “Forgot it?” at sign-in.",
        action="Remove",
        back=reverse("console:sign-in", args=[scope.organization.slug]),
    )


@require_POST
@organization_page
def require(request: HttpRequest, scope: AccessibleOrganization) -> HttpResponse:
    """Asks members with its mail to come in by sign-on only, or no more."""
    required = request.POST.get("required") == "yes"
    try:
        require_sign_on(scope=scope, required=required, signed_on=list_signed_on(request))
    except Conflict as error:
        messages.error(request, error.message)
        return redirect("console:sign-in", scope.organization.slug)
    return _done(request, scope, f"Single sign-on is {'required' if required else 'not required any more'}.")


@require_POST
@organization_page
def add(request: HttpRequest, scope: AccessibleOrganization) -> HttpResponse:
    """Names a domain."""
    check_can_manage_sign_on(scope)
    form = DomainForm(request.POST)
    if form.is_valid() and _try(form, lambda: add_domain(scope=scope, now=timezone.now(), **form.cleaned_data)):
        return _done(request, scope, "Set the record that stands below, and prove the domain.")
    return show_sign_in(request, scope, domain=form)


@require_POST
@organization_page
def prove(request: HttpRequest, scope: AccessibleOrganization, domain_id: int) -> HttpResponse:
    """Looks for the record."""
    try:
        found = prove_domain(scope=scope, domain_id=domain_id, now=timezone.now())
    except (Conflict, Unavailable) as error:
        messages.error(request, error.message)
        return redirect("console:sign-in", scope.organization.slug)
    return _done(request, scope, f"{found.name} is proven.")


@require_POST
@organization_page
def give_up(request: HttpRequest, scope: AccessibleOrganization, domain_id: int) -> HttpResponse:
    """Takes a domain out."""
    found = remove_domain(scope=scope, domain_id=domain_id)
    return _done(request, scope, f"{found.name} is removed.")


def _set_saml(scope: AccessibleOrganization, form: SamlForm) -> None:
    said = form.cleaned_data
    provider = read_metadata(address=said["metadata_address"], text=said["metadata"])
    set_saml(scope=scope, provider=provider, newcomer_role=said["newcomer_role"], now=timezone.now())


def _try(form: forms.Form, act: Callable[[], object]) -> bool:
    """Whether it worked; else the form says why not."""
    try:
        act()
    except InvalidInput as error:
        form.add_error(error.field, error.message)
        return False
    except (Conflict, Unavailable) as error:
        form.add_error(None, error.message)
        return False
    return True


def _done(request: HttpRequest, scope: AccessibleOrganization, said: str) -> HttpResponse:
    messages.success(request, said)
    return redirect("console:sign-in", scope.organization.slug)
