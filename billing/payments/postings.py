"""Cents into micro-credits, and movements of money into the ledger, each once, named after Stripe's own names."""

import uuid
from datetime import datetime
from typing import NamedTuple

from django.conf import settings

from billing.ledger.models import AccountKind, TransactionKind
from billing.ledger.services import Movement, open_account, post_transaction
from billing.metering.hot_balances import add_on_commit
from billing.pricing.rating import CREDIT

NAMESPACE = uuid.UUID("5b7f8c0e-6a52-4d5f-9a44-2f0f3f2b8f0d")
CENTS_PER_DOLLAR = 100


class Side(NamedTuple):
    """One side of a movement: a platform's account, or an organization's."""

    kind: AccountKind
    organization_id: uuid.UUID | None = None


STRIPE = Side(AccountKind.STRIPE)
RECEIVABLES = Side(AccountKind.RECEIVABLES)
PAYOUTS_HELD = Side(AccountKind.PAYOUTS_HELD)
SUSPENSE = Side(AccountKind.SUSPENSE)


def customer(organization_id: uuid.UUID) -> Side:
    """What the organization can spend."""
    return Side(AccountKind.CUSTOMER, organization_id)


def author(organization_id: uuid.UUID) -> Side:
    """What the organization earned."""
    return Side(AccountKind.AUTHOR, organization_id)


def to_microcredits(cents: int) -> int:
    """Exactly: a cent is a whole number of credits (settings)."""
    return cents * microcredits_per_cent()


def to_cents(microcredits: int) -> int:
    """Whole cents, rounded down."""
    return microcredits // microcredits_per_cent()


def microcredits_per_cent() -> int:
    """100,000,000 where 10,000 credits are a dollar."""
    return int(CREDIT * settings.CREDITS_PER_DOLLAR // CENTS_PER_DOLLAR)


def name_transaction(cause: str) -> uuid.UUID:
    """The ledger's id for what happened: `payment:pi_1`, `refund:re_1`. The same cause never posts twice."""
    return uuid.uuid5(NAMESPACE, cause)


def move(*, cause: str, kind: TransactionKind, label: str, cents: int, giver: Side, taker: Side, at: datetime) -> bool:
    """Moves money from `giver` to `taker`, and answers True; False if this cause was posted before.

    Negative cents go the other way. A customer's hot balance follows when the caller's transaction commits.
    """
    amount = to_microcredits(cents)
    posted = post_transaction(
        transaction_id=name_transaction(cause),
        kind=kind,
        cause=label,
        movements=[
            Movement(open_account(**giver._asdict()), -amount),
            Movement(open_account(**taker._asdict()), amount),
        ],
        posted_at=at,
    )
    for side, change in ((giver, -amount), (taker, amount)):
        if posted and side.kind == AccountKind.CUSTOMER and side.organization_id is not None:
            add_on_commit(organization_id=side.organization_id, amount=change)
    return posted
