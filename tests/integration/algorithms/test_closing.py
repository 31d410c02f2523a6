"""The end of organizations and accounts."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.utils import timezone

from billing import api as billing
from marketplace.accounts.models import User
from marketplace.algorithms import closing
from marketplace.algorithms.closing import close_account, close_organization
from marketplace.algorithms.publication import collect_algorithm_entries
from marketplace.algorithms.selectors import published_algorithms
from marketplace.audit.models import AuditEvent
from marketplace.errors import Conflict, NotFound, PermissionDenied
from marketplace.organizations.models import Membership, Organization
from marketplace.organizations.publication import collect_key_entries
from marketplace.organizations.selectors import get_accessible_organization
from marketplace.organizations.services import create_organization
from tests.factories.catalogue import make_algorithm, make_version
from tests.factories.people import make_api_key, make_organization, scope_of


def close(user: User, *, forfeit: bool = False) -> None:
    close_organization(scope=scope_of(user, "team"), forfeit=forfeit, now=timezone.now())


def test_all_of_an_organization_ends_at_once(team: Organization, alice: User, bob: User) -> None:
    make_version(make_algorithm("shown", by=alice, owner="team", public=True), by=alice)
    make_api_key(team, by=bob)
    assert (len(collect_algorithm_entries()), len(collect_key_entries())) == (1, 1)
    close(alice)
    assert (collect_algorithm_entries(), collect_key_entries()) == ([], {})
    assert not published_algorithms(viewer=None).exists()
    for member in (alice, bob):
        with pytest.raises(NotFound):
            get_accessible_organization(user=member, slug="team")
    with pytest.raises(Conflict, match="taken"):
        create_organization(name="Team", slug="TEAM", by=bob)
    event = AuditEvent.objects.get(action="organization.delete")
    assert (event.actor_label, sorted(event.details["members"])) == ("alice", ["alice", "bob"])


def test_owners_alone_delete_it(team: Organization, bob: User) -> None:
    Membership.objects.filter(organization=team, user=bob).update(role="admin")
    with pytest.raises(PermissionDenied, match="delete the organization"):
        close(bob)


@pytest.mark.parametrize(
    ("balance", "earned", "forfeit", "problem"),
    [(0, 5, True, "earned"), (-5, 0, True, "owes"), (5, 0, False, "give them up"), (5, 0, True, None)],
)
def test_money_is_settled_first(
    team: Organization, alice: User, monkeypatch: Any, balance: int, earned: int, forfeit: bool, problem: str | None
) -> None:
    monkeypatch.setattr(billing, "get_balance", lambda _: balance)
    monkeypatch.setattr(billing, "get_earnings", lambda _: earned)
    assert closing.billing is billing
    if problem is None:
        close(alice, forfeit=forfeit)
        return
    with pytest.raises(Conflict, match=problem):
        close(alice, forfeit=forfeit)
    assert scope_of(alice, "team")


def test_a_person_is_erased_and_records_stay(team: Organization, bob: User) -> None:
    EmailAddress.objects.create(user=bob, email=bob.email, verified=True, primary=True)
    make_api_key(team, by=bob)
    make_api_key(by=bob)
    with pytest.raises(Conflict, match="give them up"):
        close_account(user=bob, forfeit=False, now=timezone.now())
    close_account(user=bob, forfeit=True, now=timezone.now())
    bob.refresh_from_db()
    assert (bob.username, bob.email) == (f"deleted_{bob.pk}", "")
    assert (bob.is_active, bob.has_usable_password()) == (False, False)
    assert not Membership.objects.filter(user=bob).exists()
    assert not EmailAddress.objects.filter(user=bob).exists()
    assert collect_key_entries() == {}
    assert Organization.objects.get(slug="bob").closed_at is not None
    assert AuditEvent.objects.filter(action="account.delete", actor_label="bob").exists()


def test_the_last_owner_stays(team: Organization, alice: User) -> None:
    make_organization("lab", owner=alice)
    with pytest.raises(Conflict, match="only owner of lab, team"):
        close_account(user=alice, forfeit=True, now=timezone.now())
    alice.refresh_from_db()
    assert alice.is_active


def test_the_pages_ask_and_delete(team: Organization, alice: User, bob: User) -> None:
    as_alice, as_bob = Client(), Client()
    as_alice.force_login(alice)
    as_bob.force_login(bob)
    assert "Delete this organization" in as_alice.get("/console/team/settings").content.decode()
    as_alice.post("/console/team/settings", {"name": "The Team", "email": "team@example.com"})
    team.refresh_from_db()
    assert (team.name, team.email) == ("The Team", "team@example.com")
    as_alice.post("/console/team/settings/delete", {"name": "tea"})
    assert as_alice.get("/console/team").status_code == 200
    as_alice.post("/console/team/settings/delete", {"name": "team"})
    assert as_alice.get("/console/team").status_code == 404
    form = {"name": "bob", "password": "wrong", "forfeit": "on"}
    assert "This is not your password" in as_bob.post("/accounts/delete/", form).content.decode()
    response = as_bob.post("/accounts/delete/", form | {"password": "correct horse battery"})
    assert response["Location"] == "/"
    assert as_bob.get("/console")["Location"].startswith("/accounts/login/")
    assert not User.objects.get(pk=bob.pk).is_active
