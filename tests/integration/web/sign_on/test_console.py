"""Setting single sign-on in the console: provider, domains, and that members must come in by it."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from marketplace.accounts.models import User
from marketplace.audit.models import AuditEvent
from marketplace.errors import InvalidInput, Unavailable
from marketplace.organizations.models import Organization, Role
from marketplace.organizations.selectors import AccessibleOrganization
from marketplace.organizations.services import add_member
from marketplace.sign_on.documents import check_issuer, read_metadata
from marketplace.sign_on.domains import add_domain, prove_domain
from marketplace.sign_on.models import MailDomain, SignOn
from tests.factories.people import make_organization, make_user, scope_of
from tests.integration.web.document import Document
from tests.integration.web.sign_on.conftest import DOMAIN, SIGN_IN, answer_as, begin
from tests.integration.web.sign_on.test_openid import EVE, confirm, sign_on


@pytest.fixture
def as_alice(visitor: Client, alice: User) -> Client:
    visitor.force_login(alice)
    return visitor


def said_at(response: Any) -> str:
    return response.content.decode()


def test_a_domain_is_proven_by_its_record(
    as_alice: Client, owner: AccessibleOrganization, name_server: dict[str, str]
) -> None:
    added = as_alice.post(f"{SIGN_IN}/domains", {"domain-name": f"@{DOMAIN.upper()}"}, follow=True)
    domain = MailDomain.objects.get()
    record = f"_agora-challenge.{DOMAIN}"
    assert f"{record} TXT {domain.challenge}" in said_at(added)
    prove = f"{SIGN_IN}/domains/{domain.pk}/prove"
    assert "is not there yet" in said_at(as_alice.post(prove, follow=True))
    name_server[record] = "another text"
    assert "is not there yet" in said_at(as_alice.post(prove, follow=True))
    name_server[record] = domain.challenge
    assert f"{DOMAIN} is proven" in said_at(as_alice.post(prove, follow=True))
    as_alice.post(f"{SIGN_IN}/domains/{domain.pk}/remove")
    acts = AuditEvent.objects.filter(action__startswith="mail_domain.").order_by("id")
    assert [act.action for act in acts] == ["mail_domain.add", "mail_domain.prove", "mail_domain.remove"]


@pytest.mark.parametrize("name", ["", "com", "a b.example", "-x.example", "x" * 64 + ".example", "example.com/"])
def test_what_is_no_domain_is_not_taken(as_alice: Client, owner: AccessibleOrganization, name: str) -> None:
    assert "field-error" in said_at(as_alice.post(f"{SIGN_IN}/domains", {"domain-name": name}))
    assert not MailDomain.objects.exists()


def test_one_organization_speaks_for_a_domain(
    owner: AccessibleOrganization, charlie: User, proven: MailDomain, name_server: dict[str, str], as_alice: Client
) -> None:
    make_organization("rival", owner=charlie)
    rival = scope_of(charlie, "rival")
    own = add_domain(scope=rival, name=DOMAIN, now=timezone.now())
    name_server[f"_agora-challenge.{DOMAIN}"] = own.challenge
    as_charlie = Client()
    as_charlie.force_login(charlie)
    page = as_charlie.post(f"/console/rival/sign-in/domains/{own.pk}/prove", follow=True)
    assert "Another organization here has proven" in said_at(page)
    assert as_alice.post(f"{SIGN_IN}/domains/{own.pk}/prove").status_code == 404, "another organization's"


def test_name_servers_that_are_away(owner: AccessibleOrganization, proven: MailDomain, settings: Any) -> None:
    settings.DNS_SERVER = "127.0.0.1:9"
    with pytest.raises(Unavailable):
        prove_domain(scope=owner, domain_id=proven.pk, now=timezone.now())


def test_openid_connect_is_set(as_alice: Client, owner: AccessibleOrganization, openid_provider: str) -> None:
    form = {"openid-issuer": openid_provider + "/", "openid-client_id": "us", "openid-newcomer_role": "auditor"}
    assert "Write the secret" in said_at(as_alice.post(f"{SIGN_IN}/openid", form))
    as_alice.post(f"{SIGN_IN}/openid", form | {"openid-secret": "top secret"})
    row = SignOn.objects.get()
    assert (row.issuer, row.client_id, row.newcomer_role) == (openid_provider, "us", "auditor")
    assert "top secret" not in row.sealed_secret
    as_alice.post(f"{SIGN_IN}/openid", form | {"openid-newcomer_role": "caller"})
    assert SignOn.objects.get().sealed_secret == row.sealed_secret, "an empty secret keeps the one before"
    assert "field-error" in said_at(as_alice.post(f"{SIGN_IN}/openid", form | {"openid-newcomer_role": "owner"}))
    assert SignOn.objects.get().newcomer_role == "caller"
    page = said_at(as_alice.get(SIGN_IN))
    assert "top secret" not in page + str(list(AuditEvent.objects.values()))
    as_alice.post(f"{SIGN_IN}/remove")
    assert not SignOn.objects.exists()
    acts = AuditEvent.objects.filter(action__startswith="sign_on.").order_by("id")
    assert [act.action for act in acts] == ["sign_on.set", "sign_on.set", "sign_on.remove"]


@pytest.mark.parametrize("issuer", ["x", "ftp://localhost", "http://127.0.0.1:9"])
def test_a_provider_that_does_not_say_who_it_is_is_not_taken(
    as_alice: Client, owner: AccessibleOrganization, issuer: str
) -> None:
    form = {"openid-issuer": issuer, "openid-client_id": "us", "openid-secret": "s", "openid-newcomer_role": "caller"}
    page = Document(as_alice.post(f"{SIGN_IN}/openid", form))
    assert page.find("p", class_="field-error") or page.find("p", role="alert")
    assert not SignOn.objects.exists()


def test_providers_are_asked_at_public_addresses_only(settings: Any, openid_provider: str) -> None:
    """Else an organization could have us look around in the operator's own network."""
    settings.WEBHOOK_PRIVATE_NETWORKS = False
    with pytest.raises(InvalidInput):
        check_issuer(openid_provider)
    for inside in ("https://127.0.0.1", "https://localhost", "https://10.0.0.1", "https://[::1]"):
        with pytest.raises(Unavailable):
            check_issuer(inside)
        with pytest.raises(Unavailable):
            read_metadata(address=inside, text="")


def test_it_is_required_only_by_who_came_in_by_it(
    as_alice: Client, alice: User, openid: str, team: Organization
) -> None:
    require = f"{SIGN_IN}/require"
    assert "Sign in by single sign-on yourself first" in said_at(
        as_alice.post(require, {"required": "yes"}, follow=True)
    )
    claims = {"email": f"alice@{DOMAIN}", "email_verified": True}
    as_alice.get(answer_as(openid, begin(as_alice, connect="yes"), "alice", **claims))
    assert "Single sign-on is required." in said_at(as_alice.post(require, {"required": "yes"}, follow=True))
    assert Organization.objects.get(pk=team.pk).requires_sign_on
    as_alice.post(require, {"required": "no"})
    acts = AuditEvent.objects.filter(action__in=["sign_on.require", "sign_on.excuse"]).order_by("id")
    assert [act.action for act in acts] == ["sign_on.require", "sign_on.excuse"]


def test_members_with_its_mail_come_in_by_it(
    visitor: Client, openid: str, alice: User, bob: User, team: Organization
) -> None:
    Organization.objects.filter(pk=team.pk).update(requires_sign_on=True)
    confirm(bob, EVE["email"])
    visitor.force_login(bob)
    refused = visitor.get("/console/team/keys")
    assert refused.status_code == 403
    assert Document(refused).find("input", name="next")[0].attributes["value"] == "/console/team/keys"
    assert visitor.get("/console/bob/keys").status_code == 200
    assert sign_on(visitor, openid, next="/console/team/keys", connect="yes")["Location"] == "/console/team/keys"
    assert visitor.get("/console/team/keys").status_code == 200
    guest = make_user("guest")
    add_member(organization=team, user=guest, role=Role.CALLER, by=alice)
    confirm(alice, f"alice@{DOMAIN}")
    for person, why in ((guest, "whose mail is of elsewhere"), (alice, "an owner, who must be able to mend it")):
        visitor.force_login(person)
        assert visitor.get("/console/team/keys").status_code == 200, why
