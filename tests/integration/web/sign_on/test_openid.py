"""Signing in by OpenID Connect, with a provider of another maker; and what is refused."""

import time
from typing import Any

import httpx
import jwt
import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.test import Client
from django.utils import timezone

from marketplace.accounts.models import User
from marketplace.algorithms.closing import close_account, close_organization
from marketplace.audit.models import AuditEvent
from marketplace.organizations.models import Membership, Organization
from marketplace.organizations.selectors import AccessibleOrganization
from marketplace.sign_on.models import MailDomain, SignOn
from tests.factories.codes import give_second_factor
from tests.factories.people import PASSWORD
from tests.integration.web.accounts.test_sign_in import LOGIN, is_signed_in
from tests.integration.web.sign_on.conftest import DOMAIN, SIGN_ON, answer_as, begin, reason_of

EVE = {"email": f"eve.adams@{DOMAIN}", "email_verified": True, "given_name": "Eve", "family_name": "Adams"}


def sign_on(client: Client, provider: str, subject: str = "eve", claims: dict[str, Any] = EVE, **extra: str) -> Any:
    return client.get(answer_as(provider, begin(client, **extra), subject, **claims))


def confirm(user: User, email: str) -> None:
    User.objects.filter(pk=user.pk).update(email=email)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)


def test_a_newcomer_gets_an_account_and_the_role(visitor: Client, openid: str, team: Organization) -> None:
    landed = sign_on(visitor, openid)
    assert landed["Location"] == "/console/team"
    assert visitor.get("/console/team/keys").status_code == 200
    eve = User.objects.get(email=EVE["email"])
    assert (eve.username, eve.first_name, eve.has_usable_password()) == ("eve_adams", "Eve", False)
    assert set(Membership.objects.filter(user=eve).values_list("organization__slug", "role")) == {
        ("eve_adams", "owner"),
        ("team", "developer"),
    }
    acts = AuditEvent.objects.filter(organization_id=team.id, actor_id=eve.pk).order_by("id")
    assert [act.action for act in acts] == ["sign_on.make_account", "sign_on.bind", "member.add", "sign_on.enter"]


def test_coming_again_changes_nothing(openid: str, team: Organization) -> None:
    for _ in range(2):
        assert sign_on(Client(), openid)["Location"] == "/console/team"
    assert User.objects.filter(email=EVE["email"]).count() == 1
    assert SocialAccount.objects.count() == 1


def test_one_comes_back_to_the_page_that_they_wanted(visitor: Client, openid: str) -> None:
    assert sign_on(visitor, openid, next="/console/team/keys")["Location"] == "/console/team/keys"
    assert sign_on(Client(), openid, next="https://evil.example/")["Location"] == "/console/team"


def test_the_mail_address_leads_to_the_provider(visitor: Client, openid: str) -> None:
    assert begin(visitor, f"Somebody@{DOMAIN.upper()}").startswith(f"{openid}/oauth2/authorize?client_id=agora")
    for unknown in ("nobody", "x@elsewhere.example", ""):
        page = visitor.post(SIGN_ON, {"organization": unknown})
        assert (page.status_code, "field-error" in page.content.decode()) == (200, True)


def test_an_account_with_the_confirmed_address_is_the_same_person(visitor: Client, openid: str, bob: User) -> None:
    confirm(bob, EVE["email"])
    sign_on(visitor, openid)
    assert visitor.get("/console")["Location"] == "/console/bob"
    assert AuditEvent.objects.get(action="sign_on.bind").actor_label == "bob"
    assert Membership.objects.get(user=bob, organization__slug="team").role == "developer"


def test_an_account_that_did_not_confirm_it_is_not(visitor: Client, openid: str, charlie: User) -> None:
    """Anybody can write an address that is not theirs, and wait for whom it belongs to."""
    User.objects.filter(pk=charlie.pk).update(email=EVE["email"])
    EmailAddress.objects.create(user=charlie, email=EVE["email"], verified=False, primary=True)
    assert "never confirmed it" in reason_of(sign_on(visitor, openid))
    assert not is_signed_in(visitor)
    assert not SocialAccount.objects.exists()
    assert AuditEvent.objects.get(action="sign_on.refuse").subject_label == EVE["email"]


def test_their_own_sign_in_binds_it(visitor: Client, openid: str, charlie: User) -> None:
    User.objects.filter(pk=charlie.pk).update(email=EVE["email"])
    visitor.post(LOGIN, {"login": "charlie", "password": PASSWORD})
    assert sign_on(visitor, openid, connect="yes")["Location"] == "/console/team"
    assert SocialAccount.objects.get().user == charlie
    again = Client()
    sign_on(again, openid)
    assert again.get("/console")["Location"] == "/console/charlie"


def test_nobody_binds_what_belongs_to_another(visitor: Client, openid: str, charlie: User) -> None:
    sign_on(Client(), openid)
    visitor.force_login(charlie)
    assert "belongs to another account" in reason_of(sign_on(visitor, openid, connect="yes"))
    assert SocialAccount.objects.get().user.username == "eve_adams"


def test_administrators_of_the_platform_are_not_had_by_mail(visitor: Client, openid: str, charlie: User) -> None:
    confirm(charlie, EVE["email"])
    User.objects.filter(pk=charlie.pk).update(is_staff=True)
    assert "Administrators of the platform" in reason_of(sign_on(visitor, openid))
    assert not is_signed_in(visitor)


def test_a_second_factor_is_asked_for_all_the_same(visitor: Client, openid: str, bob: User) -> None:
    confirm(bob, EVE["email"])
    give_second_factor(bob)
    assert sign_on(visitor, openid)["Location"] == "/accounts/security/code/"
    assert not is_signed_in(visitor)


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"email": "eve@elsewhere.example", "email_verified": True}, "has not proven that elsewhere.example"),
        ({"email": f"eve@sub.{DOMAIN}", "email_verified": True}, "has not proven that sub."),
        ({"email": EVE["email"], "email_verified": False}, "nobody confirmed"),
        ({}, "did not say your e-mail address"),
    ],
)
def test_mail_of_others_does_not_let_in(visitor: Client, openid: str, claims: dict[str, Any], reason: str) -> None:
    assert reason in reason_of(sign_on(visitor, openid, "mallory", claims))
    assert not is_signed_in(visitor)
    assert not SocialAccount.objects.exists()


def test_a_domain_that_is_not_proven_does_not_count(visitor: Client, openid: str, proven: MailDomain) -> None:
    MailDomain.objects.update(proven_at=None)
    assert "has not proven" in reason_of(sign_on(visitor, openid))


def test_an_answer_counts_once_and_in_its_own_browser(visitor: Client, openid: str) -> None:
    back = answer_as(openid, begin(visitor), "eve", **EVE)
    assert "cannot be believed" in reason_of(Client().get(back)), "another browser's"
    assert visitor.get(back).status_code == 302
    visitor.logout()
    assert "cannot be believed" in reason_of(visitor.get(back)), "replayed"
    assert not is_signed_in(visitor)


@pytest.mark.parametrize(
    "change",
    [{"iss": "https://evil.example"}, {"aud": "another"}, {"exp": 1}, {"sub": "adam"}, None],
    ids=["issuer", "audience", "expired", "another person", "none"],
)
def test_a_token_that_is_not_for_us_is_not_believed(
    visitor: Client, openid: str, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any] | None
) -> None:
    """What the provider answers is changed on the way: the one real one makes no wrong tokens."""
    from allauth.socialaccount.providers.oauth2.client import OAuth2Client

    honest = OAuth2Client.get_access_token

    def changed(self: Any, code: str, **options: Any) -> dict[str, Any]:
        answer = honest(self, code, **options)
        claims = jwt.decode(answer.pop("id_token"), options={"verify_signature": False})
        if change is not None:
            claims |= {"exp": int(time.time()) + 60} | change
            answer["id_token"] = jwt.encode(claims, "x" * 32, headers={"kid": "x"})
        return answer

    back = answer_as(openid, begin(visitor), "eve", **EVE)
    monkeypatch.setattr(OAuth2Client, "get_access_token", changed)
    assert "cannot be believed" in reason_of(visitor.get(back))
    assert not is_signed_in(visitor)
    assert not User.objects.filter(email=EVE["email"]).exists()


def test_with_an_account_go_its_ways_in_and_with_an_organization_its_provider(
    visitor: Client, openid: str, owner: AccessibleOrganization
) -> None:
    sign_on(visitor, openid)
    eve = User.objects.get(email=EVE["email"])
    give_second_factor(eve)
    close_account(user=eve, forfeit=True, now=timezone.now())
    assert not SocialAccount.objects.exists()
    assert not Authenticator.objects.exists()
    sign_on(Client(), openid)
    assert User.objects.get(email=EVE["email"]).username == "eve_adams_2", "somebody new, as far as anybody knows"
    close_organization(scope=owner, forfeit=True, now=timezone.now())
    assert not any(rows.objects.exists() for rows in (SignOn, MailDomain, SocialAccount))


def test_who_gives_up_there_is_told_so(visitor: Client, openid: str) -> None:
    address = httpx.URL(begin(visitor))
    path = httpx.URL(address.params["redirect_uri"]).path
    answer = visitor.get(path, {"state": address.params["state"], "error": "access_denied"})
    assert "You did not sign in there." in reason_of(answer)


def test_a_provider_that_is_away_is_said_to_be(visitor: Client, openid: str, team: Organization) -> None:
    SignOn.objects.update(issuer="http://127.0.0.1:9")
    page = visitor.post(SIGN_ON, {"organization": "team"})
    assert "does not answer as it should" in reason_of(page)


def test_other_addresses_of_allauth_are_not_there(visitor: Client, openid: str, team: Organization) -> None:
    assert visitor.get("/accounts/saml/team/metadata/").status_code == 404, "it signs on by OpenID Connect"
    assert visitor.get(f"/accounts/oidc/{team.pk}/login/").status_code == 404
    assert visitor.get("/accounts/oidc/nothing/login/callback/").status_code == 404
    assert visitor.get("/accounts/saml/team/sls/").status_code == 404
