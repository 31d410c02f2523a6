"""Invitations: mailed, accepted, declined, taken back, expired."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from marketplace.accounts.models import User
from marketplace.audit.models import AuditEvent
from marketplace.organizations.models import Invitation, Membership, Organization
from tests.integration.web.console.conftest import TEAM

MEMBERS = f"{TEAM}/members"


@pytest.fixture
def link(as_alice: Client, team: Organization, django_capture_on_commit_callbacks: Any) -> str:
    """The path of the link that Eve was mailed."""
    with django_capture_on_commit_callbacks(execute=True):
        as_alice.post(MEMBERS, {"person": "Eve@Example.com", "role": "caller"})
    (message,) = mail.outbox
    assert message.to == ["eve@example.com"]
    found = re.search(r"https?://[^/]+(/invitations/\S+)", str(message.body))
    assert found is not None
    return found[1]


def role_of(user: User) -> str | None:
    return Membership.objects.filter(organization__slug="team", user=user).values_list("role", flat=True).first()


def test_who_is_invited_joins_with_the_role(link: str, as_charlie: Client, charlie: User) -> None:
    assert "/accounts/signup/?next=/invitations/" in Client().get(link).content.decode()
    assert "Join Team" in as_charlie.get(link).content.decode()
    assert as_charlie.post(link, {"accept": "yes"})["Location"] == TEAM
    assert role_of(charlie) == "caller"
    assert as_charlie.get(link).status_code == 404, "it is used once"
    assert AuditEvent.objects.filter(action="invitation.accept", actor_label="charlie").exists()


def test_nobody_joins_without_an_account(link: str) -> None:
    assert Client().post(link, {"accept": "yes"}).status_code == 200
    assert Invitation.objects.get().accepted_at is None


def test_it_is_declined_without_an_account(link: str) -> None:
    Client().post(link, {"decline": "yes"})
    assert Client().get(link).status_code == 404


def test_it_is_taken_back(link: str, as_alice: Client, as_charlie: Client, charlie: User) -> None:
    as_alice.post(f"{MEMBERS}/invitations/{Invitation.objects.get().pk}/end")
    assert as_charlie.post(link, {"accept": "yes"}).status_code == 404
    assert role_of(charlie) is None
    as_alice.get(MEMBERS)  # says what was done
    assert "eve@example.com" not in as_alice.get(MEMBERS).content.decode()


def test_it_expires_and_is_renewed(link: str, as_alice: Client, as_charlie: Client) -> None:
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert as_charlie.get(link).status_code == 404
    assert "expired" in as_alice.get(MEMBERS).content.decode()
    as_alice.post(f"{MEMBERS}/invitations/{Invitation.objects.get().pk}/renew")
    assert as_charlie.get(link).status_code == 200


def test_a_link_that_is_not_ours_leads_nowhere(link: str) -> None:
    assert Client().get(link[:-2]).status_code == 404


def test_a_member_stays_what_they_are(link: str, as_bob: Client, bob: User) -> None:
    assert as_bob.post(link, {"accept": "yes"}).status_code == 409
    assert role_of(bob) == "developer"
    assert Invitation.objects.get().accepted_at is None


def test_an_admin_invites_no_owner(as_bob: Client, bob: User, team: Organization) -> None:
    Membership.objects.filter(organization=team, user=bob).update(role="admin")
    assert as_bob.post(MEMBERS, {"person": "eve@example.com", "role": "owner"}).status_code == 403
    assert not Invitation.objects.exists()
