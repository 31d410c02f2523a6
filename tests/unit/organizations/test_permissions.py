"""Who may do what, as a truth table."""

from collections.abc import Callable

import pytest

from marketplace.accounts.models import User
from marketplace.errors import PermissionDenied
from marketplace.organizations import permissions
from marketplace.organizations.models import Organization, Role
from marketplace.organizations.selectors import AccessibleOrganization
from tests.factories.people import make_api_key, scope_of

TABLE = [
    # action, owner, member
    ("manage_members", True, False),
    ("create_key", True, True),
    ("publish", True, True),
    ("withdraw", True, False),
    ("read_audit", True, False),
    ("manage_payments", True, False),
]


def _scope(role: Role) -> AccessibleOrganization:
    return AccessibleOrganization(organization=Organization(slug="team"), user=User(username="ann"), role=role)


@pytest.mark.parametrize(("action", "owner", "member"), TABLE)
def test_each_role_may_do_what_the_table_says(action: str, owner: bool, member: bool) -> None:
    can: Callable[[AccessibleOrganization], bool] = getattr(permissions, f"can_{action}")
    assert (can(_scope(Role.OWNER)), can(_scope(Role.MEMBER))) == (owner, member)


@pytest.mark.parametrize(("action", "owner", "member"), TABLE)
def test_the_checks_raise_when_the_answers_are_no(action: str, owner: bool, member: bool) -> None:
    check: Callable[[AccessibleOrganization], None] = getattr(permissions, f"check_can_{action}")
    for role, allowed in ((Role.OWNER, owner), (Role.MEMBER, member)):
        if allowed:
            check(_scope(role))
        else:
            with pytest.raises(PermissionDenied, match="ask one of its owners"):
                check(_scope(role))


def test_the_table_names_every_role() -> None:
    assert set(permissions.ALLOWED) == set(Role)


def test_owners_revoke_every_key_and_members_their_own(alice: User, bob: User, team: Organization) -> None:
    of_alice, of_bob = (make_api_key(team, by=user).row for user in (alice, bob))
    as_alice, as_bob = (scope_of(user, "team") for user in (alice, bob))
    assert [permissions.can_revoke_key(as_alice, key) for key in (of_alice, of_bob)] == [True, True]
    assert [permissions.can_revoke_key(as_bob, key) for key in (of_alice, of_bob)] == [False, True]


def test_a_role_ends_at_the_organization(alice: User, team: Organization) -> None:
    key = make_api_key(team, by=alice).row
    assert not permissions.can_revoke_key(scope_of(alice), key)
