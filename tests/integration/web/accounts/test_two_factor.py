"""A second factor: set up, asked for, lost, given up; and organizations that require it."""

import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.test import Client

from marketplace.accounts.models import User
from marketplace.audit.models import AuditEvent
from marketplace.organizations.models import ApiKey, Membership, Organization, Role
from marketplace.organizations.services import add_member, set_two_factor
from tests.factories.catalogue import make_algorithm, make_version
from tests.factories.codes import SECRET, give_second_factor, make_code
from tests.factories.people import PASSWORD, make_api_key, make_organization, make_user, scope_of
from tests.integration.web.accounts.test_sign_in import LOGIN, is_signed_in
from tests.integration.web.document import Document

SECURITY = "/accounts/security/"
APP = f"{SECURITY}app/"
CODES = f"{SECURITY}recovery-codes/"


def sign_in(client: Client, name: str = "alice", **extra: str) -> Any:
    return client.post(LOGIN, {"login": name, "password": PASSWORD} | extra)


@pytest.fixture
def as_alice(visitor: Client, alice: User) -> Client:
    """She signed in with her password just now."""
    sign_in(visitor)
    return visitor


@pytest.fixture
def strict(alice: User, bob: User, team: Organization) -> Organization:
    """The team, which asks for a second factor; alice has one, bob has none."""
    give_second_factor(alice)
    set_two_factor(scope=scope_of(alice, "team"), required=True)
    return team


def test_it_is_set_up_by_password_and_code(as_alice: Client, alice: User) -> None:
    asked = as_alice.get(APP)
    assert asked["Location"].startswith("/accounts/reauthenticate/?next=")
    again = as_alice.post(asked["Location"], {"password": PASSWORD, "next": APP})
    page = Document(as_alice.get(again["Location"]))
    secret = page.find("code", id="totp-secret")[0].text
    wrong = as_alice.post(APP, {"code": "000000"})
    assert "This code is wrong" in wrong.content.decode()
    done = as_alice.post(APP, {"code": make_code(secret)})
    assert done["Location"] == CODES
    assert len(re.findall(r"^\d{8}$", Document(as_alice.get(CODES)).find("code")[0].text, re.MULTILINE)) == 10
    assert len(as_alice.get(f"{SECURITY}recovery-codes.txt").content.split()) == 10
    assert AuditEvent.objects.get(action="two_factor.activate").actor_label == "alice"
    stored = [str(data) for data in Authenticator.objects.values_list("data", flat=True)]
    assert len(stored) == 2
    assert not any(secret in text for text in stored)


def test_a_password_alone_lets_nobody_in(visitor: Client, alice: User) -> None:
    give_second_factor(alice)
    assert sign_in(visitor, next="/console/alice/keys")["Location"] == f"{SECURITY}code/"
    assert not is_signed_in(visitor)
    assert "This code is wrong" in visitor.post(f"{SECURITY}code/", {"code": "123456"}).content.decode()
    code = make_code()
    assert visitor.post(f"{SECURITY}code/", {"code": code})["Location"] == "/console/alice/keys"
    assert is_signed_in(visitor)
    other = Client()
    sign_in(other)
    assert "was used already" in other.post(f"{SECURITY}code/", {"code": code}).content.decode(), "replayed"


def test_a_recovery_code_lets_in_once(visitor: Client, alice: User) -> None:
    give_second_factor(alice)
    codes = Authenticator.objects.get(type=Authenticator.Type.RECOVERY_CODES).wrap().get_unused_codes()
    for client, status in ((visitor, 302), (Client(), 200)):
        sign_in(client)
        assert client.post(f"{SECURITY}code/", {"code": codes[0]}).status_code == status


def test_the_administration_has_no_door_of_its_own(visitor: Client) -> None:
    """Its form asks for a password alone."""
    assert visitor.get("/admin/login/")["Location"].startswith(LOGIN)
    assert visitor.post("/admin/login/", {"username": "root", "password": PASSWORD})["Location"].startswith(LOGIN)
    visitor.force_login(make_user("eve"))
    assert visitor.get("/admin/", follow=True).status_code == 403


def test_it_is_turned_off_by_code_only(visitor: Client, alice: User) -> None:
    give_second_factor(alice)
    visitor.force_login(alice)
    asked = visitor.get(f"{APP}remove/")
    assert "reauthenticate" in asked["Location"]
    visitor.post(f"{SECURITY}again/", {"code": make_code(), "next": f"{APP}remove/"})
    assert visitor.post(f"{APP}remove/")["Location"] == SECURITY
    assert not Authenticator.objects.exists()
    assert "turned off" in str(mail.outbox[-1].body)
    assert AuditEvent.objects.filter(action="two_factor.deactivate").count() == 1


def test_new_recovery_codes_replace_the_old(visitor: Client, alice: User) -> None:
    give_second_factor(alice)
    visitor.force_login(alice)
    visitor.post(f"{SECURITY}again/", {"code": make_code()})
    old = visitor.get(f"{SECURITY}recovery-codes.txt").content
    assert visitor.post(f"{CODES}new/")["Location"] == CODES
    assert visitor.get(f"{SECURITY}recovery-codes.txt").content != old
    assert AuditEvent.objects.filter(action="two_factor.new_codes").count() == 1


def test_an_organization_leads_members_to_it(visitor: Client, bob: User, strict: Organization) -> None:
    visitor.force_login(bob)
    refused = visitor.get("/console/team/keys")
    assert refused.status_code == 403
    links = [link.attributes["href"] for link in Document(refused).find("a", class_="button")]
    assert links[0] == f"{APP}?next=/console/team/keys"
    assert visitor.post("/console/team/keys", {"name": "sly"}).status_code == 403
    assert not ApiKey.objects.exists()
    assert visitor.get("/console/team/keys", headers={"HX-Request": "true"})["HX-Refresh"] == "true"
    assert visitor.get("/console/bob/keys").status_code == 200, "what is his own goes on"
    give_second_factor(bob)
    assert visitor.get("/console/team/keys").status_code == 200


def test_keys_of_the_organization_go_on_and_keys_of_persons_do_not(bob: User, strict: Organization) -> None:
    add_member(organization=strict, user=bob, role=Role.ADMIN, by=User.objects.get(username="alice"))

    def ask(text: str) -> int:
        return Client(headers={"Authorization": f"Simple {text}"}).get("/v1/organizations/team/members").status_code

    assert ask(make_api_key(strict, by=bob).text) == 200
    own = make_api_key(by=bob).text
    assert ask(own) == 403
    give_second_factor(bob)
    assert ask(own) == 200


def test_one_who_has_none_cannot_require_it(visitor: Client, alice: User, team: Organization) -> None:
    visitor.force_login(alice)
    page = visitor.post("/console/team/sign-in/two-factor", {"required": "yes"}, follow=True)
    assert "you would lock yourself out" in page.content.decode()
    assert not Organization.objects.get(pk=team.pk).requires_two_factor


def test_requiring_it_is_audited_once(visitor: Client, alice: User, strict: Organization) -> None:
    visitor.force_login(alice)
    page = visitor.get("/console/team/sign-in").content.decode()
    assert "1 of the members has not set it up: bob." in page
    for required in ("yes", "no", "no"):
        visitor.post("/console/team/sign-in/two-factor", {"required": required})
    acts = AuditEvent.objects.filter(action__endswith="_two_factor", organization_id=strict.id).order_by("id")
    assert [act.action for act in acts] == ["organization.require_two_factor", "organization.excuse_two_factor"]


def test_no_call_for_the_organization_begins_in_a_page(visitor: Client, bob: User, strict: Organization) -> None:
    make_version(make_algorithm("open", by=bob, owner="team"), by=bob)
    visitor.force_login(bob)
    refused = visitor.post("/algorithms/team/open/console-token", {"payer": "team"})
    assert (refused.status_code, "two-factor" in refused.json()["error"]["message"]) == (409, True)


def test_when_a_member_was_seen_is_written_now_and_then(visitor: Client, alice: User, bob: User) -> None:
    seen = Membership.objects.filter(organization=make_organization("lab", owner=alice, members=(bob,)))
    assert set(seen.values_list("last_seen_at", flat=True)) == {None}
    visitor.force_login(bob)
    visitor.get("/console/lab")
    first = seen.get(user=bob).last_seen_at
    visitor.get("/console/lab/keys")
    assert first is not None
    assert seen.get(user=bob).last_seen_at == first
    assert seen.get(user=alice).last_seen_at is None
    assert "not yet" in visitor.get("/console/lab/members").content.decode()


def test_a_stranger_learns_nothing(visitor: Client, strict: Organization) -> None:
    visitor.force_login(make_user("eve"))
    assert visitor.get("/console/team/keys").status_code == 404
    assert SECRET not in visitor.get(SECURITY).content.decode()
