"""Users and organizations."""

import itertools
from functools import cache

from django.contrib.auth.hashers import make_password

from marketplace.accounts.models import User
from marketplace.organizations.key_permissions import ALL, KeyPermissions
from marketplace.organizations.models import Organization, Role
from marketplace.organizations.selectors import AccessibleOrganization, get_accessible_organization
from marketplace.organizations.services import (
    NewApiKey,
    add_member,
    create_api_key,
    create_organization,
    open_personal_organization,
)

PASSWORD = "correct horse battery"
_numbers = itertools.count(1)


def make_user(username: str = "", *, email: str = "", password: str = PASSWORD) -> User:
    """Someone who signed up: with a personal organization and its free credits."""
    username = username or f"person{next(_numbers)}"
    user = User(username=username, email=email or f"{username.lower()}@example.com", password=_hash(password))
    user.save(force_insert=True)
    open_personal_organization(user=user)
    return user


def make_organization(slug: str = "", *, owner: User | None = None, members: tuple[User, ...] = ()) -> Organization:
    """A shared organization."""
    owner = owner or make_user()
    slug = slug or f"team{next(_numbers)}"
    organization = create_organization(name=slug.title(), slug=slug, by=owner)
    for member in members:
        add_member(organization=organization, user=member, role=Role.DEVELOPER, by=owner)
    return organization


def make_api_key(
    organization: Organization | None = None,
    *,
    by: User | None = None,
    name: str = "test",
    permissions: KeyPermissions = ALL,
) -> NewApiKey:
    """A key of the organization, or of the personal organization of `by`."""
    by = by or make_user()
    if organization is None:
        organization = scope_of(by).organization
    return create_api_key(organization=organization, name=name, by=by, permissions=permissions)


def scope_of(user: User, slug: str = "") -> AccessibleOrganization:
    """The user's scope in the organization `slug`; in the personal one by default."""
    return get_accessible_organization(user=user, slug=slug or user.username)


@cache
def _hash(password: str) -> str:
    """Hashing takes a quarter of a second, on purpose: once for all the users of a run is enough."""
    return make_password(password)
