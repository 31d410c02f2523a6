"""Who is behind what billing knows by id."""

import uuid
from collections.abc import Collection

from django.db.models import QuerySet

from billing import api as billing
from billing.api import Buyer, Invoice, Payment, Payout
from marketplace.accounts.models import User
from marketplace.errors import NotFound
from marketplace.organizations.models import Membership, Organization, Role
from marketplace.organizations.permissions import check_can_read_payments
from marketplace.organizations.selectors import AccessibleOrganization


def list_payments(*, scope: AccessibleOrganization) -> QuerySet[Payment]:
    """The organization's payments, newest first. Raises PermissionDenied."""
    check_can_read_payments(scope)
    return billing.list_payments(scope.organization.id)


def get_payment(*, scope: AccessibleOrganization, payment_id: uuid.UUID) -> Payment:
    """One of them. Raises PermissionDenied, NotFound."""
    payment = list_payments(scope=scope).filter(pk=payment_id).first()
    if payment is None:
        raise NotFound("There is no such payment.")
    return payment


def list_invoices(*, scope: AccessibleOrganization) -> QuerySet[Invoice]:
    """The organization's invoices, newest first. Raises PermissionDenied."""
    check_can_read_payments(scope)
    return billing.list_invoices(scope.organization.id)


def get_invoice(*, scope: AccessibleOrganization, invoice_id: uuid.UUID) -> Invoice:
    """One of them. Raises PermissionDenied, NotFound."""
    invoice = list_invoices(scope=scope).filter(pk=invoice_id).first()
    if invoice is None:
        raise NotFound("There is no such invoice.")
    return invoice


def list_payouts(*, scope: AccessibleOrganization) -> QuerySet[Payout]:
    """What was paid out to the organization, newest first. Raises PermissionDenied."""
    check_can_read_payments(scope)
    return billing.list_payouts(scope.organization.id)


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
