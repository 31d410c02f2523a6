"""How the members of an organization sign in: what it asks of them."""

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from marketplace.accounts.selectors import has_second_factor
from marketplace.errors import Conflict
from marketplace.organizations.models import Role
from marketplace.organizations.permissions import check_can_manage_sign_on
from marketplace.organizations.selectors import AccessibleOrganization, list_members_without_second_factor
from marketplace.organizations.services import set_two_factor
from marketplace.sign_on.domains import LABEL
from marketplace.sign_on.models import SignOn, SignOnKind
from marketplace.sign_on.selectors import get_sign_on, list_domains
from marketplace.sign_on.services import NEWCOMER_ROLES
from marketplace.web.console.page import organization_page, render_page
from marketplace.web.sessions import list_signed_on
from marketplace.web.sign_on.adapter import entity_id_of

ROLES = [(role.value, role.label) for role in NEWCOMER_ROLES]


class RoleField(forms.TypedChoiceField):
    """What newcomers become."""

    def __init__(self) -> None:
        super().__init__(choices=ROLES, coerce=Role, initial=Role.CALLER.value, label="Newcomers become")


class OpenidForm(forms.Form):
    """What an OpenID Connect provider says of itself and of this client."""

    prefix = "openid"
    issuer = forms.CharField(max_length=400, label="Issuer")
    client_id = forms.CharField(max_length=255, label="Client ID")
    secret = forms.CharField(max_length=500, required=False, widget=forms.PasswordInput, label="Client secret")
    newcomer_role = RoleField()


class SamlForm(forms.Form):
    """A SAML provider's metadata, by address or as they are."""

    prefix = "saml"
    metadata_address = forms.CharField(max_length=400, required=False, label="Address of its metadata")
    metadata = forms.CharField(
        max_length=200_000, required=False, widget=forms.Textarea, label="Or the metadata itself"
    )
    newcomer_role = RoleField()

    def clean(self) -> None:
        """Raises ValidationError."""
        said = self.cleaned_data
        if not said.get("metadata") and not said.get("metadata_address"):
            raise forms.ValidationError("Give the address of the provider's metadata, or the metadata themselves.")


class DomainForm(forms.Form):
    """A domain of mail."""

    prefix = "domain"
    name = forms.CharField(max_length=254, label="Domain")


@require_safe
@organization_page
def sign_in(request: HttpRequest, scope: AccessibleOrganization) -> HttpResponse:
    """What is asked for, who lacks it, the provider and the domains."""
    return show_sign_in(request, scope)


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


def show_sign_in(request: HttpRequest, scope: AccessibleOrganization, **wrong: forms.Form) -> HttpResponse:
    """The page; `wrong` are forms that somebody must mend: `openid`, `saml` or `domain`."""
    check_can_manage_sign_on(scope)
    found = get_sign_on(scope=scope)
    context = {
        "without": list_members_without_second_factor(scope=scope),
        "has_second_factor": has_second_factor(scope.user),
        "sign_on": found,
        "signed_on": str(scope.organization.pk) in list_signed_on(request),
        "domains": list_domains(scope=scope),
        "label": LABEL,
        "here": _addresses(scope.organization.slug, scope.organization.pk),
        "openid": wrong.get("openid") or OpenidForm(initial=_held(found, SignOnKind.OPENID)),
        "saml": wrong.get("saml") or SamlForm(initial=_held(found, SignOnKind.SAML)),
        "domain": wrong.get("domain") or DomainForm(),
        "open": next(iter(wrong), found.kind if found else SignOnKind.OPENID),
    }
    return render_page(request, scope, "console/sign_in.html", "sign_in", context)


def _addresses(slug: str, organization_id: object) -> dict[str, str]:
    """What a provider must know of us."""
    return {
        "callback": settings.AGORA_ADDRESS + reverse("openid_connect_callback", args=[str(organization_id)]),
        "entity_id": entity_id_of(slug),
        "answers": settings.AGORA_ADDRESS + reverse("saml_acs", args=[slug]),
    }


def _held(sign_on: SignOn | None, kind: SignOnKind) -> dict[str, str]:
    if sign_on is None or sign_on.kind != kind:
        return {}
    return {"issuer": sign_on.issuer, "client_id": sign_on.client_id, "newcomer_role": sign_on.newcomer_role}
