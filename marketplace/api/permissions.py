"""Whom a request acts for. A key acts for its organization and for no other, whatever else its maker belongs to.

The key of a personal organization stands for a person too: it sees to the profile and the members of the organizations
that the person belongs to, and to nothing else there.
"""

from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request

from marketplace.accounts.models import User
from marketplace.algorithms.models import Algorithm
from marketplace.algorithms.selectors import get_owned_algorithm, get_visible_algorithm
from marketplace.api.errors import NoSuchAlgorithm
from marketplace.directory.tokens import CallToken
from marketplace.errors import NotFound, PermissionDenied
from marketplace.organizations.models import ApiKey
from marketplace.organizations.selectors import (
    AccessibleOrganization,
    get_administered_organization,
    get_key_organization,
    get_token_organization,
)
from marketplace.sign_on.policy import check_let_in


def get_scope(request: Request, organization: str | None = None) -> AccessibleOrganization:
    """The key's organization, which must be `organization` if that is given. Raises NotFound for strangers."""
    if isinstance(request.auth, CallToken):  # only in the views that take rights to call
        return get_token_organization(
            user_id=request.auth.user_id, organization_id=request.auth.organization_id, key_id=request.auth.key_id
        )
    if not isinstance(request.auth, ApiKey):
        raise NotAuthenticated
    scope = get_key_organization(key=request.auth)
    if organization is not None and organization.lower() != scope.organization.slug.lower():
        raise NotFound(f"There is no organization {organization} that this key acts for.")
    return scope


def get_viewer(request: Request) -> AccessibleOrganization | None:
    """The key's organization, or None without a key."""
    return get_scope(request) if isinstance(request.auth, ApiKey) else None


def get_user(request: Request) -> User:
    """The person behind the key."""
    return get_scope(request).user


def get_person(request: Request) -> User:
    """The person that the key of a personal organization stands for. Raises PermissionDenied for another key."""
    scope = get_scope(request)
    if not scope.organization.personal:
        raise PermissionDenied(f"This key acts for {scope.organization.slug}: use one of your personal organization.")
    return scope.user


def check_is_administrator(request: Request) -> None:
    """Raises PermissionDenied unless the key stands for an administrator of the platform."""
    if not get_person(request).is_superuser:
        raise PermissionDenied("Only administrators of the platform may do this.")


def get_administered(request: Request, organization: str) -> AccessibleOrganization:
    """The organization, for its profile and members: the key's own, or one of the person it stands for.

    Raises NotFound for strangers, NotLetIn where the organization asks for more than its person has.
    """
    scope = get_scope(request)
    if not scope.organization.personal or scope.organization.slug.lower() == organization.lower():
        return get_scope(request, organization)
    administered = get_administered_organization(user=scope.user, slug=organization)
    check_let_in(administered)
    return administered


def get_visible(request: Request, owner: str, name: str) -> Algorithm:
    """An algorithm that the caller may see. Raises NoSuchAlgorithm."""
    try:
        return get_visible_algorithm(viewer=get_viewer(request), owner=owner, name=name)
    except NotFound:
        raise NoSuchAlgorithm from None


def get_owned(request: Request, owner: str, name: str) -> Algorithm:
    """An algorithm of the key's organization. Raises NoSuchAlgorithm."""
    try:
        return get_owned_algorithm(scope=get_scope(request, owner), name=name)
    except NotFound:
        raise NoSuchAlgorithm from None
