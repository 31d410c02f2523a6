"""Reads of tenants. AccessibleOrganization is the proof that a person belongs to one; only this module makes it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Case, Exists, F, IntegerField, OuterRef, QuerySet, When
from django.utils import timezone

from marketplace.accounts.models import User
from marketplace.directory.client_addresses import REFUSAL, may_use_at
from marketplace.directory.keys import hash_key
from marketplace.errors import NotFound, PermissionDenied
from marketplace.organizations.models import ApiKey, Membership, Organization, Role

LAST_USED_PRECISION = timedelta(minutes=1)


@dataclass(frozen=True)
class AccessibleOrganization:
    """That `user` belongs to `organization`, as `role`. Made by this module and nowhere else."""

    organization: Organization
    user: User
    role: Role
    seen_at: datetime | None = None
    """When they were last seen in it, before now."""
    team_id: UUID | None = None
    """The team that the key which asks belongs to."""


def get_accessible_organization(*, user: User, slug: str) -> AccessibleOrganization:
    """The organization with that slug, in any case. Raises NotFound for strangers too."""
    membership = _memberships(user).filter(organization__slug__iexact=slug).first()
    if membership is None:
        raise NotFound(f"There is no organization {slug}.")
    return _to_scope(membership, user)


def get_administered_organization(*, user: User, slug: str) -> AccessibleOrganization:
    """The same, for its profile and members: administrators of the platform own every organization there.

    Raises NotFound for strangers too.
    """
    rows = Organization.objects.filter(slug__iexact=slug, closed_at=None)
    organization = rows.first() if user.is_superuser else None
    if organization is None:
        return get_accessible_organization(user=user, slug=slug)
    return AccessibleOrganization(organization=organization, user=user, role=Role.OWNER)


def list_accessible_organizations(*, user: User) -> list[AccessibleOrganization]:
    """The user's organizations: the personal one first, then by slug."""
    memberships = _memberships(user).order_by("-organization__personal", "organization__slug")
    return [_to_scope(membership, user) for membership in memberships]


def get_personal_organization(*, user: User) -> AccessibleOrganization:
    """The organization made when the user signed up. Raises NotFound."""
    membership = _memberships(user).filter(organization__personal=True).first()
    if membership is None:
        raise NotFound(f"{user} has no personal organization.")
    return _to_scope(membership, user)


def get_key_organization(*, key: ApiKey) -> AccessibleOrganization:
    """The one organization that the key acts for, in the role of the person who made it.

    Raises NotFound if that person has left it.
    """
    scope = get_accessible_organization(user=key.created_by, slug=key.organization.slug)
    return replace(scope, team_id=key.team_id)


def get_token_organization(*, user_id: int, organization_id: str, key_id: str | None = None) -> AccessibleOrganization:
    """The organization that a signed right to call acts for. Raises NotFound if its user has left it."""
    memberships = Membership.objects.filter(user_id=user_id, user__is_active=True, organization_id=organization_id)
    membership = memberships.select_related("organization", "user").first()
    if membership is None:
        raise NotFound("The organization that this right to call acts for is not its user's any more.")
    key = ApiKey.objects.filter(pk=key_id).first() if key_id else None
    return replace(_to_scope(membership, membership.user), team_id=key.team_id if key else None)


def is_slug_taken(slug: str) -> bool:
    """Whether an organization, personal ones included, has this slug in any case."""
    return Organization.objects.filter(slug__iexact=slug).exists()


def list_members(*, scope: AccessibleOrganization) -> QuerySet[Membership]:
    """The members of the organization, owners first: in the order of the roles."""
    memberships = Membership.objects.filter(organization=scope.organization).select_related("user")
    rank = Case(*(When(role=role, then=place) for place, role in enumerate(Role)), output_field=IntegerField())
    return memberships.order_by(rank, "user__username")


def list_members_without_second_factor(*, scope: AccessibleOrganization) -> list[str]:
    """The user names of members whose password alone signs them in."""
    names = Membership.objects.filter(organization=scope.organization, user__authenticator=None)
    return list(names.order_by("user__username").values_list("user__username", flat=True))


def list_owner_names(*, organization: Organization) -> list[str]:
    """The user names of the organization's owners."""
    owners = Membership.objects.filter(organization=organization, role=Role.OWNER)
    return list(owners.order_by("user__username").values_list("user__username", flat=True))


def find_membership(*, organization: Organization, user: User) -> Membership | None:
    """What the user is to the organization, if anything."""
    return Membership.objects.filter(organization=organization, user=user).first()


def list_sole_ownerships(*, user: User) -> list[str]:
    """The shared organizations that would have no owner without the user, by slug."""
    owned = Membership.objects.filter(user=user, role=Role.OWNER, organization__personal=False)
    others = Membership.objects.filter(organization=OuterRef("organization"), role=Role.OWNER).exclude(user=user)
    alone = owned.filter(~Exists(others)).order_by("organization__slug")
    return list(alone.values_list("organization__slug", flat=True))


def list_api_keys(*, scope: AccessibleOrganization) -> QuerySet[ApiKey]:
    """The organization's keys: those in use first, newest first."""
    keys = ApiKey.objects.filter(organization=scope.organization).select_related("created_by", "team")
    return keys.order_by(F("revoked_at").asc(nulls_first=True), "-created_at")


def get_api_key(*, scope: AccessibleOrganization, key_id: object) -> ApiKey:
    """A key of the organization. Raises NotFound."""
    key = list_api_keys(scope=scope).filter(pk=key_id).select_related("organization").first()
    if key is None:
        raise NotFound("There is no such API key.")
    return key


def find_api_key(*, text: str, address: str = "") -> ApiKey | None:
    """The key with this text, unless it was revoked or expired; notes that it was used, at most once a minute.

    `address` is the internet address that it came from. Raises PermissionDenied where the key is not for that one.
    """
    keys = ApiKey.objects.select_related("organization", "created_by")
    key = keys.filter(key_hash=hash_key(text), revoked_at=None, created_by__is_active=True).first()
    now = timezone.now()
    if key and key.expires_at and key.expires_at <= now:
        return None
    if key and not may_use_at(address, key.addresses):
        raise PermissionDenied(REFUSAL)
    if key and (key.last_used_at is None or now - key.last_used_at > LAST_USED_PRECISION):
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
    return key


def find_api_key_by_id(*, key_id: object) -> ApiKey | None:
    """The key, unless it was revoked or is of nobody any more: what a right to call was given for."""
    keys = ApiKey.objects.select_related("organization", "created_by")
    return keys.filter(pk=key_id, revoked_at=None, created_by__is_active=True).first()


def _memberships(user: User) -> QuerySet[Membership]:
    return Membership.objects.filter(user=user).select_related("organization")


def _to_scope(membership: Membership, user: User) -> AccessibleOrganization:
    return AccessibleOrganization(
        organization=membership.organization,
        user=user,
        role=Role(membership.role),
        seen_at=membership.last_seen_at,
    )
