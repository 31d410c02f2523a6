"""The ledger against Stripe's own list of what moved on our account there, movement by movement."""

import uuid
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import stripe

from billing.ledger.models import AccountKind, LedgerTransaction
from billing.ledger.selectors import find_amounts, list_amounts
from billing.payments.client import talk
from billing.payments.models import Reconciliation
from billing.payments.postings import microcredits_per_cent, name_transaction

WINDOW = timedelta(days=40)
SLACK = timedelta(days=7)
"""Postings of the window's first days may belong to movements before it."""
IN_FLIGHT = timedelta(hours=1)
"""What is younger may be on its way."""
STRIPE_OWN = {"payout", "payout_failure", "payout_cancel", "stripe_fee", "topup", "tax_fee", "network_cost"}
"""Between Stripe, the platform's bank and Stripe's own purse: not what customers and authors have to do with."""


class Difference(NamedTuple):
    """A movement on which the two do not agree, in cents; None where one of them does not have it."""

    what: str
    stripe_cents: int | None
    ledger_cents: float | None


def reconcile(*, since: datetime, until: datetime) -> Reconciliation:
    """Compares all movements from `since` to `until` and keeps the outcome. Raises as `talk` does.

    Ours is the account's money gross of Stripe's fees, which the platform bears and the ledger leaves out.
    """
    movements = _read_stripe(since, until)
    told = find_amounts(kind=AccountKind.STRIPE, transaction_ids=list(movements))
    posted = list_amounts(kind=AccountKind.STRIPE, since=since + SLACK, until=until)
    differences = [
        Difference(what, cents, None if key not in told else -told[key] / microcredits_per_cent())
        for key, (what, cents) in movements.items()
        if -told.get(key, 0) != cents * microcredits_per_cent()
    ]
    strangers = posted.keys() - movements.keys()
    causes = dict(LedgerTransaction.objects.filter(pk__in=strangers).values_list("pk", "cause"))
    differences += [
        Difference(f"{causes[key]} ({key})", None, -posted[key] / microcredits_per_cent()) for key in strangers
    ]
    return Reconciliation.objects.create(
        since=since,
        until=until,
        movements=len(movements),
        stripe_cents=sum(cents for _, cents in movements.values()),
        differences=[each._asdict() for each in differences],
    )


def reconcile_latest(*, now: datetime) -> Reconciliation:
    """Compares the last 40 days, but for the last hour."""
    return reconcile(since=now - WINDOW, until=now - IN_FLIGHT)


def _read_stripe(since: datetime, until: datetime) -> dict[uuid.UUID, tuple[str, int]]:
    """What moved: for each the ledger's id of it, its name, and cents (positive came in)."""
    created = {"gte": int(since.timestamp()), "lt": int(until.timestamp()) + 1}
    found: dict[uuid.UUID, tuple[str, int]] = {}
    with talk() as client:
        params: Any = {"created": created, "limit": 100, "expand": ["data.source"]}
        for moved in client.v1.balance_transactions.list(params).auto_paging_iter():
            if moved.type not in STRIPE_OWN:
                cause = _name_cause(moved)
                found[name_transaction(cause)] = (cause, moved.amount)
    return found


def _name_cause(moved: stripe.BalanceTransaction) -> str:
    source: Any = moved.source
    if moved.type in {"charge", "payment"}:
        return f"payment:{source.payment_intent or source.id}"
    if moved.type in {"refund_failure", "payment_failure_refund"}:
        return f"refund-failed:{source.id}"
    if moved.type in {"refund", "payment_refund"}:
        return f"refund:{source.id}"
    if moved.type in {"transfer_refund", "transfer_cancel", "transfer_failure"}:
        return f"transfer-reversal:{source.id}"
    if moved.type == "transfer":
        return f"transfer:{source.id}"
    return f"dispute:{moved.id}"
