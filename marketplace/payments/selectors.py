"""Who is behind what billing knows by id."""

import uuid
from collections.abc import Collection

from billing.api import Buyer
from marketplace.accounts.models import User
from marketplace.organizations.models import Membership, Organization, Role


def find_buyer(organization_id: uuid.UUID) -> Buyer | None:
    """The organization as Stripe should know it, with the address of its first owner who has one."""
    organization = Organization.objects.filter(pk=organization_id).first()
    addresses = list_owner_addresses(organization_id)
    if organization is None or not addresses:
        return None
    return Buyer(organization_id, organization.name, addresses[0])


def list_owner_addresses(organization_id: uuid.UUID) -> list[str]:
    """The e-mail addresses of the owners, the first owner first."""
    owners = Membership.objects.filter(organization_id=organization_id, role=Role.OWNER, user__is_active=True)
    return list(owners.exclude(user__email="").order_by("created_at", "pk").values_list("user__email", flat=True))


def name_organizations(organization_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Their slugs, by id."""
    return dict(Organization.objects.filter(pk__in=organization_ids).values_list("pk", "slug"))


def name_members(user_ids: Collection[int]) -> dict[int, str]:
    """What people are called, by id."""
    return dict(User.objects.filter(pk__in=user_ids).values_list("pk", "username"))
