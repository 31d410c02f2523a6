"""Teams: who finds a private algorithm that is limited, by person and by key, and what the gateways are told."""

import pytest
from django.utils import timezone

from marketplace.accounts.models import User
from marketplace.algorithms.models import Algorithm
from marketplace.algorithms.publication import collect_algorithm_entries
from marketplace.algorithms.selectors import get_owned_algorithm, get_visible_algorithm, list_owned_algorithms
from marketplace.algorithms.services import update_algorithm
from marketplace.algorithms.team_limits import limit_to_teams
from marketplace.audit.models import AuditEvent
from marketplace.errors import Conflict, NotFound, PermissionDenied
from marketplace.organizations.limits import collect_limits_entries
from marketplace.organizations.models import Organization, Role, Team
from marketplace.organizations.selectors import get_key_organization
from marketplace.organizations.services import add_member, create_api_key, remove_member
from marketplace.organizations.teams import add_to_team, create_team, delete_team, list_own_teams, remove_from_team
from tests.factories.catalogue import make_algorithm, make_version
from tests.factories.people import make_user, scope_of

NOW = timezone.now()


@pytest.fixture
def vision(team: Organization, alice: User, bob: User) -> Team:
    """A team of one developer, bob; alice owns the organization."""
    made = create_team(scope=scope_of(alice, "team"), name="Vision", now=NOW)
    add_to_team(scope=scope_of(alice, "team"), team=made, username="bob")
    return made


@pytest.fixture
def secret(vision: Team, alice: User) -> Algorithm:
    """Limited to the team."""
    algorithm = make_version(make_algorithm("secret", by=alice, owner="team", public=False), by=alice).algorithm
    limit_to_teams(scope=scope_of(alice, "team"), algorithm=algorithm, team_ids=[vision.pk])
    return algorithm


@pytest.fixture
def dora(team: Organization, alice: User) -> User:
    """A developer of the organization who is in no team."""
    person = make_user("dora")
    add_member(organization=team, user=person, role=Role.DEVELOPER, by=alice)
    return person


def finds(person: User) -> bool:
    """Whether it is there for them, on every way; the ways agree."""
    scope = scope_of(person, "team")
    listed = list_owned_algorithms(scope=scope).filter(name="secret").exists()
    for viewer in (scope, person):
        try:
            get_visible_algorithm(viewer=viewer, owner="team", name="secret")
        except NotFound:
            assert not listed
        else:
            assert listed
    return listed


def test_members_of_the_team_owners_and_admins_find_it(secret: Algorithm, alice: User, bob: User, dora: User) -> None:
    assert (finds(alice), finds(bob), finds(dora)) == (True, True, False)
    add_member(organization=secret.organization, user=dora, role=Role.ADMIN, by=alice)
    assert finds(dora), "as an admin"
    limit_to_teams(scope=scope_of(alice, "team"), algorithm=secret, team_ids=[])
    assert finds(bob), "limited to none, it is all members'"


def test_who_leaves_the_organization_leaves_its_teams(secret: Algorithm, vision: Team, alice: User, bob: User) -> None:
    remove_member(organization=secret.organization, user=bob, by=alice)
    add_member(organization=secret.organization, user=bob, role=Role.DEVELOPER, by=alice)
    assert not finds(bob)


def test_a_key_of_a_team_reaches_no_other_teams(secret: Algorithm, vision: Team, alice: User) -> None:
    speech = create_team(scope=scope_of(alice, "team"), name="Speech", now=NOW)
    for team, reaches in ((vision, True), (speech, False), (None, True)):
        key = create_api_key(organization=secret.organization, name="k", by=alice, team=team).row
        scope = get_key_organization(key=key)
        assert list_owned_algorithms(scope=scope).filter(pk=secret.pk).exists() is reaches
        if not reaches:
            with pytest.raises(NotFound):
                get_owned_algorithm(scope=scope, name="secret")


def test_the_gateways_are_told(secret: Algorithm, vision: Team, alice: User, bob: User, dora: User) -> None:
    (entry,) = collect_algorithm_entries()
    assert entry.teams == (str(vision.pk),)
    (told,) = collect_limits_entries()[str(secret.organization_id)].teams
    assert (told.team_id, set(told.members)) == (str(vision.pk), {alice.pk, bob.pk})
    update_algorithm(algorithm=secret, by=alice, public=True)
    assert collect_algorithm_entries()[0].teams == (), "what is public is everybody's"


def test_who_is_taken_out_loses_the_teams_keys(secret: Algorithm, vision: Team, alice: User, bob: User) -> None:
    theirs = create_api_key(organization=secret.organization, name="k", by=bob, team=vision).row
    own = create_api_key(organization=secret.organization, name="own", by=bob).row
    remove_from_team(scope=scope_of(alice, "team"), team=vision, username="bob")
    theirs.refresh_from_db()
    own.refresh_from_db()
    assert (theirs.revoked_at is None, own.revoked_at is None) == (False, True)
    assert not finds(bob)
    assert set(AuditEvent.objects.filter(action__startswith="team").values_list("action", flat=True)) == {
        "team.create", "team.add", "team.remove_member",
    }  # fmt: skip


def test_a_team_is_not_deleted_while_something_would_be_opened(secret: Algorithm, vision: Team, alice: User) -> None:
    scope = scope_of(alice, "team")
    with pytest.raises(Conflict, match="would be open to all members"):
        delete_team(scope=scope, team=vision)
    limit_to_teams(scope=scope, algorithm=secret, team_ids=[])
    delete_team(scope=scope, team=vision)
    assert not Team.objects.exists()


def test_owners_and_admins_alone_manage_them(secret: Algorithm, vision: Team, bob: User, dora: User) -> None:
    with pytest.raises(PermissionDenied):
        create_team(scope=scope_of(bob, "team"), name="Mine", now=NOW)
    with pytest.raises(PermissionDenied):
        limit_to_teams(scope=scope_of(bob, "team"), algorithm=secret, team_ids=[])
    assert list(list_own_teams(scope=scope_of(bob, "team"))) == [vision]
    assert list(list_own_teams(scope=scope_of(dora, "team"))) == []


def test_what_is_public_is_not_limited(vision: Team, alice: User) -> None:
    shown = make_algorithm("shown", by=alice, owner="team")
    with pytest.raises(Conflict, match="make it private first"):
        limit_to_teams(scope=scope_of(alice, "team"), algorithm=shown, team_ids=[vision.pk])


def test_what_is_limited_is_not_made_public(secret: Algorithm, bob: User) -> None:
    """By who may publish, but not say who reaches what."""
    with pytest.raises(PermissionDenied, match="teams"):
        update_algorithm(algorithm=secret, by=bob, public=True)
    secret.refresh_from_db()
    assert not secret.public
