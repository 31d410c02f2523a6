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
    # action, and the first letters of who may: owner, admin, developer, caller, billing, auditor ("u")
    ("call", "oadc"),
    ("create_key", "oadc"),
    ("publish", "oad"),
    ("withdraw", "oa"),
    ("answer_reviews", "oad"),
    ("manage_limits", "oab"),
    ("read_payments", "oabu"),
    ("manage_payments", "oab"),
    ("read_audit", "oau"),
    ("manage_members", "oa"),
    ("manage_owners", "o"),
]
LETTERS = dict(zip("oadcbu", Role, strict=True))


def _scope(role: Role) -> AccessibleOrganization:
    return AccessibleOrganization(organization=Organization(slug="team"), user=User(username="ann"), role=role)


@pytest.mark.parametrize(("action", "may"), TABLE)
def test_each_role_may_do_what_the_table_says(action: str, may: str) -> None:
    can: Callable[[AccessibleOrganization], bool] = getattr(permissions, f"can_{action}")
    assert "".join(letter for letter, role in LETTERS.items() if can(_scope(role))) == may


@pytest.mark.parametrize(("action", "may"), TABLE)
def test_the_checks_raise_when_the_answers_are_no(action: str, may: str) -> None:
    name = "check_can_call_algorithms" if action == "call" else f"check_can_{action}"
    check: Callable[[AccessibleOrganization], None] = getattr(permissions, name)
    for letter, role in LETTERS.items():
        if letter in may:
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
