"""Reading payments."""

import uuid
from dataclasses import dataclass

from django.db.models import QuerySet, Sum

from billing.ledger.models import AccountKind, LedgerAccount
from billing.payments.models import (
    Dispute,
    Invoice,
    InvoiceState,
    Payment,
    Reconciliation,
    StripeEvent,
    Terms,
)


@dataclass(frozen=True)
class PlatformFigures:
    """What the operator wants to know at once. Micro-credits, but for what is named otherwise."""

    revenue: int
    """What the platform earned, and keeps."""
    came_in: int
    """Through Stripe, less what went out again."""
    owed_to_authors: int
    on_its_way: int
    owed_by_customers: int
    """Advanced to organizations on terms, and not paid."""
    to_be_spent: int
    """What all customers together can still spend."""
    given_away: int


def list_payments(organization_id: uuid.UUID | None = None) -> QuerySet[Payment]:
    """An organization's payments, or everybody's, newest first."""
    found = Payment.objects.order_by("-created_at", "-pk")
    return found if organization_id is None else found.filter(organization_id=organization_id)


def list_invoices(organization_id: uuid.UUID | None = None) -> QuerySet[Invoice]:
    """An organization's invoices, or everybody's, newest first."""
    found = Invoice.objects.order_by("-serial")
    return found if organization_id is None else found.filter(organization_id=organization_id)


def list_unpushed_invoices() -> list[Invoice]:
    """Those that Stripe does not know yet."""
    return list(Invoice.objects.filter(state=InvoiceState.ISSUED).order_by("serial"))


def list_disputes() -> QuerySet[Dispute]:
    """Everybody's, newest first."""
    return Dispute.objects.select_related("payment").order_by("-created_at")


def list_failing_events() -> QuerySet[StripeEvent]:
    """Events whose processing failed and that wait for another try, or for a person."""
    return StripeEvent.objects.filter(processed_at=None, attempts__gt=0).order_by("-received_at")


def list_reconciliations() -> QuerySet[Reconciliation]:
    """The newest first."""
    return Reconciliation.objects.order_by("-made_at")


def list_terms() -> QuerySet[Terms]:
    """Organizations that pay by invoice, and those that did."""
    return Terms.objects.order_by("pk")


def get_platform_figures() -> PlatformFigures:
    """The sums of all accounts, by kind."""
    rows = LedgerAccount.objects.values_list("kind").annotate(total=Sum("balance"))
    sums = {kind: int(total) for kind, total in rows}
    return PlatformFigures(
        revenue=sums.get(AccountKind.PLATFORM_REVENUE, 0),
        came_in=-sums.get(AccountKind.STRIPE, 0),
        owed_to_authors=sums.get(AccountKind.AUTHOR, 0),
        on_its_way=sums.get(AccountKind.PAYOUTS_HELD, 0),
        owed_by_customers=-sums.get(AccountKind.RECEIVABLES, 0),
        to_be_spent=sums.get(AccountKind.CUSTOMER, 0),
        given_away=-sums.get(AccountKind.PROMOTIONS, 0),
    )
