"""Money's one facade: everything that the marketplace may ask of billing.

Amounts are integers of micro-credits (CREDIT of them are one credit) unless a name says credits; times are aware
datetimes; ids are UUIDs. Functions are synchronous and use Django's database connection; MeterWriter is asynchronous
and uses Redis only. Errors are in billing/errors.py.
"""

import uuid
from datetime import datetime
from functools import partial

from django.db import transaction
from django.utils import timezone

from billing.ledger import selectors as ledger_selectors
from billing.ledger import services as ledger_services
from billing.ledger.models import AccountKind
from billing.ledger.selectors import EntryLine
from billing.metering.hot_balances import add_to_balance
from billing.pricing.rating import CREDIT, Charge, RoyaltyShare, rate, share_royalty
from billing.pricing.selectors import PriceTerms, get_price, list_prices
from billing.pricing.services import set_price

__all__ = [
    "CREDIT",
    "Charge",
    "EntryLine",
    "PriceTerms",
    "RoyaltyShare",
    "get_balance",
    "get_earnings",
    "get_price",
    "grant_credits",
    "list_entries",
    "list_prices",
    "open_account",
    "rate",
    "set_price",
    "share_royalty",
]

FREE_CREDITS_NAMESPACE = uuid.UUID("6e0a3c52-3d0e-4a3c-9d6e-0f3b7c1d5a11")
"""Names the grant of free credits of an organization, so that it is made once."""


@transaction.atomic
def open_account(*, organization_id: uuid.UUID, free_credits: int) -> None:
    """Opens the organization's accounts and gives it `free_credits` whole credits. Safe to repeat.

    The hot balance follows when the caller's transaction commits.
    """
    ledger_services.open_account(kind=AccountKind.CUSTOMER, organization_id=organization_id)
    ledger_services.open_account(kind=AccountKind.AUTHOR, organization_id=organization_id)
    if free_credits > 0:
        grant_credits(
            grant_id=uuid.uuid5(FREE_CREDITS_NAMESPACE, str(organization_id)),
            organization_id=organization_id,
            amount=free_credits * CREDIT,
            cause="Free credits",
        )
    else:  # the gateways know an organization by its hot balance
        transaction.on_commit(partial(add_to_balance, organization_id=organization_id, amount=0))


@transaction.atomic
def grant_credits(
    *, grant_id: uuid.UUID, organization_id: uuid.UUID, amount: int, cause: str, at: datetime | None = None
) -> bool:
    """Gives `amount` micro-credits from the platform's promotions; False if this grant was made before.

    The hot balance follows when the caller's transaction commits. Raises InvalidAmount.
    """
    granted = ledger_services.grant_credits(
        grant_id=grant_id,
        organization_id=organization_id,
        amount=amount,
        cause=cause,
        posted_at=at or timezone.now(),
    )
    if granted:
        transaction.on_commit(partial(add_to_balance, organization_id=organization_id, amount=amount))
    return granted


def get_balance(organization_id: uuid.UUID) -> int:
    """What the organization can spend, in micro-credits, as posted; calls still in the meter are not yet in it."""
    return ledger_selectors.get_balance(kind=AccountKind.CUSTOMER, organization_id=organization_id)


def get_earnings(organization_id: uuid.UUID) -> int:
    """What the organization's algorithms earned and was not paid out, in micro-credits."""
    return ledger_selectors.get_balance(kind=AccountKind.AUTHOR, organization_id=organization_id)


def list_entries(
    organization_id: uuid.UUID, limit: int, *, before: int | None = None, earnings: bool = False
) -> list[EntryLine]:
    """The latest entries of the organization's spending (or earnings) account, newest first.

    `before` is the id of the last line of the page before.
    """
    kind = AccountKind.AUTHOR if earnings else AccountKind.CUSTOMER
    return ledger_selectors.list_entries(kind=kind, organization_id=organization_id, limit=limit, before=before)
