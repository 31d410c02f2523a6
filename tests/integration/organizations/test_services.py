"""Organizations, members and keys."""

import uuid

import pytest
from django.conf import settings

from billing import api as billing
from marketplace.accounts.models import User
from marketplace.audit.selectors import list_events
from marketplace.directory.keys import hash_key
from marketplace.errors import Conflict, InvalidInput, NotFound, PermissionDenied
from marketplace.organizations.models import ApiKey, Membership, Organization, Role
from marketplace.organizations.selectors import find_api_key
from marketplace.organizations.services import (
    add_member,
    create_api_key,
    create_organization,
    open_personal_organization,
    remove_member,
    revoke_api_key,
)
from tests.factories.people import make_api_key, make_organization, make_user, scope_of


def actions(organization: Organization) -> list[str]:
    return [event.action for event in list_events(organization_id=organization.id)]


def test_a_new_user_has_an_organization_and_free_credits(alice: User) -> None:
    scope = scope_of(alice)
    assert (scope.organization.slug, scope.organization.personal, scope.role) == ("alice", True, Role.OWNER)
    assert billing.get_balance(scope.organization.id) == settings.FREE_CREDITS * billing.CREDIT


def test_signing_up_again_gives_nothing_again(alice: User) -> None:
    first = scope_of(alice).organization
    assert open_personal_organization(user=alice) == first
    assert billing.get_balance(first.id) == settings.FREE_CREDITS * billing.CREDIT


def test_a_shared_organization_starts_with_its_owner_and_nothing_else(alice: User) -> None:
    organization = create_organization(name="  Data Team ", slug="data_team", by=alice)
    assert (organization.name, organization.personal) == ("Data Team", False)
    assert billing.get_balance(organization.id) == 0
    assert [(row.user, row.role) for row in organization.memberships.all()] == [(alice, Role.OWNER)]
    assert actions(organization) == ["organization.create"]


@pytest.mark.parametrize("slug", ["alice", "ALICE", "Bob"])
def test_a_name_is_taken_in_any_case(alice: User, bob: User, slug: str) -> None:
    with pytest.raises(Conflict, match="is taken"):
        create_organization(name="x", slug=slug, by=alice)
    assert Organization.objects.count() == 2


@pytest.mark.parametrize("slug", ["", "1x", "a-b", "a b", "a/b", "x" * 65, "é", "admin", "API", "agora", "a\n", "\0"])
def test_a_name_that_cannot_be_is_refused(alice: User, slug: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        create_organization(name="x", slug=slug, by=alice)
    assert refused.value.field == "slug"


def test_someone_whose_name_is_taken_by_an_organization_gets_none(alice: User) -> None:
    make_organization("zoe", owner=alice)
    with pytest.raises(Conflict):
        open_personal_organization(user=User.objects.create_user("Zoe", "zoe@example.com"))


def test_an_owner_adds_members_and_changes_their_roles(alice: User, bob: User, charlie: User) -> None:
    team = make_organization("team", owner=alice)
    add_member(organization=team, user=bob, role=Role.DEVELOPER, by=alice)
    add_member(organization=team, user=bob, role=Role.OWNER, by=alice)
    add_member(organization=team, user=charlie, role=Role.DEVELOPER, by=bob)  # an owner now
    roles = dict(team.memberships.values_list("user__username", "role"))
    assert roles == {"alice": "owner", "bob": "owner", "charlie": "developer"}
    assert actions(team) == ["member.add"] * 3 + ["organization.create"]


def test_members_and_strangers_add_nobody(team: Organization, bob: User, charlie: User) -> None:
    with pytest.raises(PermissionDenied, match="manage members"):
        add_member(organization=team, user=charlie, role=Role.DEVELOPER, by=bob)
    with pytest.raises(NotFound):
        add_member(organization=team, user=charlie, role=Role.OWNER, by=charlie)
    assert not Membership.objects.filter(organization=team, user=charlie).exists()


def test_a_personal_organization_has_one_member(alice: User, bob: User) -> None:
    with pytest.raises(Conflict, match="personal"):
        add_member(organization=scope_of(alice).organization, user=bob, role=Role.DEVELOPER, by=alice)


def test_an_organization_keeps_an_owner(team: Organization, alice: User, bob: User) -> None:
    with pytest.raises(Conflict, match="needs an owner"):
        add_member(organization=team, user=alice, role=Role.DEVELOPER, by=alice)
    with pytest.raises(Conflict, match="needs an owner"):
        remove_member(organization=team, user=alice, by=alice)
    with pytest.raises(Conflict, match="needs an owner"):
        remove_member(organization=scope_of(alice).organization, user=alice, by=alice)
    add_member(organization=team, user=bob, role=Role.OWNER, by=alice)
    remove_member(organization=team, user=alice, by=alice)
    assert [row.user for row in team.memberships.all()] == [bob]


def test_who_leaves_takes_no_key_along(team: Organization, alice: User, bob: User) -> None:
    theirs, other, personal = make_api_key(team, by=bob), make_api_key(team, by=alice), make_api_key(by=bob)
    remove_member(organization=team, user=bob, by=bob)
    assert find_api_key(text=theirs.text) is None
    assert find_api_key(text=other.text) == other.row
    assert find_api_key(text=personal.text) == personal.row
    assert actions(team)[:2] == ["key.revoke", "member.remove"]


def test_members_remove_nobody_and_strangers_cannot_be_removed(team: Organization, bob: User, charlie: User) -> None:
    with pytest.raises(PermissionDenied):
        remove_member(organization=team, user=team.memberships.get(role="owner").user, by=bob)
    with pytest.raises(NotFound, match="not a member"):
        remove_member(organization=team, user=charlie, by=charlie)


def test_a_key_is_kept_as_its_hash(alice: User) -> None:
    made = create_api_key(organization=scope_of(alice).organization, name=" laptop ", by=alice)
    assert (len(made.text), made.text[:3]) == (28, "sim")
    assert made.text.isalnum()
    kept = ApiKey.objects.values().get()
    assert (kept["name"], kept["prefix"], kept["key_hash"]) == ("laptop", made.text[:8], hash_key(made.text))
    assert made.text not in str(kept)
    assert made.text not in str(list_events(organization_id=made.row.organization_id).values())


@pytest.mark.parametrize("name", ["", "   ", "x" * 101, "a\0b"])
def test_a_key_needs_a_name(alice: User, name: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        create_api_key(organization=scope_of(alice).organization, name=name, by=alice)
    assert refused.value.field == "name"


def test_strangers_make_no_key(team: Organization, charlie: User) -> None:
    with pytest.raises(NotFound):
        create_api_key(organization=team, name="x", by=charlie)


def test_revoking_is_for_good_and_safe_to_repeat(alice: User) -> None:
    made = make_api_key(by=alice)
    revoked = revoke_api_key(key=made.row, by=alice)
    first = revoked.revoked_at
    revoke_api_key(key=ApiKey.objects.get(), by=alice)
    assert ApiKey.objects.get().revoked_at == first
    assert actions(made.row.organization).count("key.revoke") == 1


def test_who_may_revoke(team: Organization, alice: User, bob: User, charlie: User) -> None:
    of_alice = make_api_key(team, by=alice).row
    with pytest.raises(PermissionDenied, match="revoke API keys of others"):
        revoke_api_key(key=of_alice, by=bob)
    with pytest.raises(NotFound):
        revoke_api_key(key=of_alice, by=charlie)
    assert revoke_api_key(key=make_api_key(team, by=bob).row, by=alice).revoked_at


def test_every_act_names_who_did_it(team: Organization, alice: User, bob: User) -> None:
    key = make_api_key(team, by=bob, name="robot").row
    event = list_events(organization_id=team.id)[0]
    assert (event.actor_id, event.actor_label, event.action) == (bob.pk, "bob", "key.create")
    assert (event.subject_label, uuid.UUID(event.subject_id)) == ("robot", key.id)


def test_people_with_one_name_sign_up_at_the_same_time_and_one_gets_it(alice: User) -> None:
    twin = make_user("twin")
    with pytest.raises(Conflict):
        create_organization(name="x", slug="TWIN", by=alice)
    assert scope_of(twin).organization.slug == "twin"
