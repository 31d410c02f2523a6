"""Who may clone, and who may push. Short work in the database, for a thread."""

from dataclasses import dataclass
from pathlib import Path

from marketplace.algorithms.models import Algorithm
from marketplace.algorithms.selectors import get_visible_algorithm
from marketplace.api.git.requests import GitRequest
from marketplace.errors import NotFound, PermissionDenied
from marketplace.organizations.key_permissions import check_can_manage
from marketplace.organizations.permissions import check_can_publish
from marketplace.organizations.selectors import AccessibleOrganization, find_api_key, get_key_organization
from marketplace.repositories.places import ensure_repository


class KeyNeeded(Exception):
    """Nobody may have this without a key, or not with this one: git asks its user, and tries again."""


@dataclass(frozen=True)
class Admitted:
    """Who may do what they asked, and where."""

    algorithm: Algorithm
    scope: AccessibleOrganization | None
    """None for a stranger who reads what is open."""
    repository: Path


def admit(request: GitRequest) -> Admitted:
    """Raises KeyNeeded, NotFound, PermissionDenied, Unavailable."""
    scope = _identify(request.key, request.client)
    try:
        algorithm = get_visible_algorithm(viewer=scope, owner=request.owner, name=request.name)
    except NotFound:
        if scope is None:
            raise KeyNeeded from None
        raise
    owned = scope is not None and scope.organization.pk == algorithm.organization_id
    if not owned and (request.pushes or not algorithm.source_open):
        if scope is None:
            raise KeyNeeded
        raise PermissionDenied(f"The source of {algorithm.full_name} is its owner's alone.")
    if request.pushes and scope is not None:
        check_can_publish(scope)
    return Admitted(algorithm, scope, ensure_repository(algorithm))


def _identify(text: str, address: str) -> AccessibleOrganization | None:
    """Raises KeyNeeded for a key that is none, PermissionDenied for one that manages nothing, or is not for here."""
    if not text:
        return None
    key = find_api_key(text=text, address=address)
    if key is None:
        raise KeyNeeded
    check_can_manage(key)
    try:
        return get_key_organization(key=key)
    except NotFound:  # who made it has left
        raise KeyNeeded from None
