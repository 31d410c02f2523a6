"""What allauth asks of us about providers: which there are, and whether somebody that one vouches for comes in."""

from typing import Any

import requests
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from django.conf import settings
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone

from marketplace.accounts.models import User
from marketplace.errors import Conflict
from marketplace.organizations.models import Organization
from marketplace.sealing import unseal
from marketplace.sign_on.admission import Identity, Refused, admit, bind, find_account, make_newcomer, note_refusal
from marketplace.sign_on.fetching import make_session
from marketplace.sign_on.models import SignOn, SignOnKind
from marketplace.sign_on.selectors import find_by_organization, find_sign_on
from marketplace.web.console.page import read_uuid
from marketplace.web.sign_on.refusal import refuse

SAML_RULES = {
    "want_assertion_signed": True,
    "want_name_id": True,
    "want_attribute_statement": False,
    "reject_idp_initiated_sso": True,
    "reject_deprecated_algorithm": True,
    "allow_single_label_domains": True,  # what the platform itself is called is its operator's affair
}
"""Beside what python3-saml always checks: issuer, audience, destination, times, and that an answer is to a question."""


class SignOnAdapter(DefaultSocialAccountAdapter):
    """Providers are rows of organizations, never allauth's own; people come in by admission.py."""

    def list_apps(self, request: Any, provider: Any = None, client_id: Any = None) -> list[SocialApp]:  # noqa: ARG002
        """The one that is asked for: SAML's by the organization's name, OpenID Connect's by its id."""
        if provider == SignOnKind.SAML:
            found = find_sign_on(name_or_email=client_id or "")
            kind = SignOnKind.SAML
        else:
            found = find_by_organization(provider) if read_uuid(str(provider)) else None
            kind = SignOnKind.OPENID
        return [make_app(found)] if found is not None and found.kind == kind else []

    def get_requests_session(self) -> requests.Session:
        """To public addresses only."""
        return make_session()

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Finds or makes account and membership. Raises ImmediateHttpResponse, a page that says why not; Conflict."""
        sign_on = find_by_organization(sociallogin.account.provider)
        if sign_on is None:
            raise ImmediateHttpResponse(refuse(request, "This organization signs on no more."))
        identity = read_identity(sociallogin)
        try:
            user = self._let_in(request, sign_on, identity, sociallogin)
        except Refused as refusal:
            note_refusal(sign_on=sign_on, identity=identity, reason=refusal.message)
            raise ImmediateHttpResponse(
                refuse(request, refusal.message, organization=sign_on.organization, connect=refusal.connect)
            ) from None
        except IntegrityError:  # twice at once: the other one made the account
            raise Conflict("You were signed in in another window at this moment: sign in again.") from None
        sociallogin.user = user
        sociallogin.state["process"] = "login"

    @transaction.atomic
    def _let_in(self, request: HttpRequest, sign_on: SignOn, identity: Identity, sociallogin: SocialLogin) -> User:
        check_tokens(sociallogin)
        bound = sociallogin.user if sociallogin.account.pk else None
        user = find_account(
            sign_on=sign_on, identity=identity, bound=bound, signed_in=who_connects(request, sociallogin)
        )
        user = user or make_newcomer(sign_on=sign_on, identity=identity)
        sociallogin.account = bind(sign_on=sign_on, identity=identity, user=user)
        if user.is_active:  # else allauth shows them that the account is closed
            admit(sign_on=sign_on, identity=identity, user=user, now=timezone.now())
        return user

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        **_: Any,
    ) -> None:
        """The page that says so. What exactly was wrong with an answer is logged: a forger learns nothing from it."""
        organization = Organization.objects.filter(pk=provider.sub_id).first()
        cancelled = str(error) == "cancelled"
        said = "You did not sign in there." if cancelled else "What the provider said cannot be believed."
        raise ImmediateHttpResponse(refuse(request, said, organization=organization, tell_admin=not cancelled))


def make_app(sign_on: SignOn) -> SocialApp:
    """The provider as allauth knows it; never saved."""
    slug = sign_on.organization.slug
    if sign_on.kind == SignOnKind.OPENID:
        return SocialApp(
            provider=SignOnKind.OPENID.value,
            provider_id=str(sign_on.pk),
            name=sign_on.organization.name,
            client_id=sign_on.client_id,
            secret=unseal(sign_on.sealed_secret),
            settings={"server_url": sign_on.issuer},
        )
    idp = {"entity_id": sign_on.issuer, "sso_url": sign_on.address, "x509cert": sign_on.certificate}
    return SocialApp(
        provider=SignOnKind.SAML.value,
        provider_id=str(sign_on.pk),
        name=sign_on.organization.name,
        client_id=slug,
        settings={"idp": idp, "sp": {"entity_id": entity_id_of(slug)}, "advanced": SAML_RULES},
    )


def entity_id_of(slug: str) -> str:
    """What the platform calls itself to an organization's SAML provider."""
    return f"{settings.AGORA_ADDRESS}/accounts/saml/{slug}/metadata/"


def read_identity(sociallogin: SocialLogin) -> Identity:
    """Of what the provider said."""
    user, said = sociallogin.user, sociallogin.account.extra_data
    claims = said.get("userinfo") or said.get("id_token") or said
    return Identity(
        uid=sociallogin.account.uid,
        email=next((each.email for each in sociallogin.email_addresses), ""),
        denied=claims.get("email_verified") in (False, "false", ["false"]),
        first_name=user.first_name if user else "",
        last_name=user.last_name if user else "",
    )


def check_tokens(sociallogin: SocialLogin) -> None:
    """OpenID Connect: there is a token for us, and what was asked with it is of the same person. Raises Refused."""
    if sociallogin.provider.id != SignOnKind.OPENID:
        return
    said = sociallogin.account.extra_data
    token, asked = said.get("id_token"), said.get("userinfo")
    if not token or (asked and asked.get("sub") != token.get("sub")):
        raise Refused("What the provider said cannot be believed.")


def who_connects(request: HttpRequest, sociallogin: SocialLogin) -> User | None:
    """Who asked, from their own session, to be bound to whoever the provider says they are."""
    asked = (sociallogin.state.get("data") or {}).get("connect")
    return request.user if isinstance(request.user, User) and asked == request.user.pk else None
