"""Who reaches which organization, and which keys are found."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from marketplace.accounts.models import User
from marketplace.errors import NotFound
from marketplace.organizations.models import ApiKey, Organization, Role
from marketplace.organizations.selectors import (
    find_api_key,
    get_accessible_organization,
    get_api_key,
    get_key_organization,
    get_personal_organization,
    is_slug_taken,
    list_accessible_organizations,
    list_api_keys,
    list_members,
)
from marketplace.organizations.services import remove_member, revoke_api_key
from tests.factories.people import make_api_key, make_organization, scope_of


def test_a_member_reaches_the_organization_in_any_case(team: Organization, alice: User, bob: User) -> None:
    assert get_accessible_organization(user=alice, slug="TEAM").role == Role.OWNER
    found = get_accessible_organization(user=bob, slug="Team")
    assert (found.organization, found.user, found.role) == (team, bob, Role.DEVELOPER)


@pytest.mark.parametrize("slug", ["team", "alice", "nobody", ""])
def test_strangers_cannot_tell_what_exists(team: Organization, charlie: User, slug: str) -> None:
    with pytest.raises(NotFound, match="There is no organization"):
        get_accessible_organization(user=charlie, slug=slug)


def test_the_personal_organization_stands_first(alice: User) -> None:
    for slug in ("zebra", "aardvark"):
        make_organization(slug, owner=alice)
    found = [scope.organization.slug for scope in list_accessible_organizations(user=alice)]
    assert found == ["alice", "aardvark", "zebra"]
    assert get_personal_organization(user=alice).organization.slug == "alice"


def test_someone_without_a_personal_organization(db: None) -> None:
    nobody = User.objects.create_user("nobody", "nobody@example.com")
    with pytest.raises(NotFound):
        get_personal_organization(user=nobody)
    assert list_accessible_organizations(user=nobody) == []


def test_members_stand_by_role_and_name(team: Organization, alice: User) -> None:
    rows = list_members(scope=scope_of(alice, "team"))
    assert [(row.user.username, row.role) for row in rows] == [("alice", "owner"), ("bob", "developer")]


def test_keys_in_use_stand_first_and_others_keys_are_not_there(team: Organization, alice: User, bob: User) -> None:
    first, second = make_api_key(team, by=alice, name="1"), make_api_key(team, by=bob, name="2")
    make_api_key(team, by=alice, name="3")
    revoke_api_key(key=second.row, by=bob)
    assert [key.name for key in list_api_keys(scope=scope_of(bob, "team"))] == ["3", "1", "2"]
    assert get_api_key(scope=scope_of(bob, "team"), key_id=first.row.id) == first.row
    with pytest.raises(NotFound):
        get_api_key(scope=scope_of(bob), key_id=first.row.id)


def test_a_key_is_found_by_its_text_until_it_is_revoked(alice: User) -> None:
    made = make_api_key(by=alice)
    assert find_api_key(text=made.text) == made.row
    assert find_api_key(text=made.text.lower()) is None
    assert find_api_key(text=made.row.key_hash) is None
    revoke_api_key(key=made.row, by=alice)
    assert find_api_key(text=made.text) is None


def test_keys_of_someone_locked_out_are_not_found(alice: User) -> None:
    made = make_api_key(by=alice)
    alice.is_active = False
    alice.save()
    assert find_api_key(text=made.text) is None


def test_use_is_noted_once_a_minute(alice: User) -> None:
    made = make_api_key(by=alice)
    find_api_key(text=made.text)
    noted = ApiKey.objects.get().last_used_at
    assert noted is not None
    find_api_key(text=made.text)
    assert ApiKey.objects.get().last_used_at == noted
    ApiKey.objects.update(last_used_at=timezone.now() - timedelta(minutes=2))
    find_api_key(text=made.text)
    assert ApiKey.objects.get().last_used_at > noted


def test_a_key_acts_in_its_makers_role(team: Organization, alice: User, bob: User) -> None:
    assert get_key_organization(key=make_api_key(team, by=alice).row).role == Role.OWNER
    key = make_api_key(team, by=bob).row
    assert get_key_organization(key=key).role == Role.DEVELOPER
    remove_member(organization=team, user=bob, by=alice)
    with pytest.raises(NotFound):
        get_key_organization(key=key)


def test_a_slug_is_taken_in_any_case(team: Organization) -> None:
    assert [is_slug_taken(slug) for slug in ("TEAM", "alice", "free")] == [True, True, False]


def test_finding_by_slug_uses_the_index(team: Organization) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    assert "organization_slug_unique" in Organization.objects.filter(slug__iexact="team").explain()
