"""Reading the ledger."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, QuerySet, Sum

from billing.ledger.models import AccountKind, ClosedBalance, LedgerAccount, LedgerClose, LedgerEntry


@dataclass(frozen=True)
class EntryLine:
    """One line of an account's statement. `amount` is in micro-credits, positive when the account gained."""

    id: int
    transaction_id: uuid.UUID
    kind: str
    cause: str
    amount: int
    posted_at: datetime


def get_balance(*, kind: AccountKind, organization_id: uuid.UUID | None) -> int:
    """Micro-credits; zero for an account that was never opened."""
    found = LedgerAccount.objects.filter(kind=kind, organization_id=organization_id)
    return found.values_list("balance", flat=True).first() or 0


def get_balance_at(*, kind: AccountKind, organization_id: uuid.UUID | None, at: datetime) -> int:
    """The balance of what was posted before that moment: that of the last close before it, and what moved since."""
    account = LedgerAccount.objects.filter(kind=kind, organization_id=organization_id).first()
    if account is None:
        return 0
    closed = ClosedBalance.objects.filter(account=account, close__until__lte=at).order_by("-close__until")
    last = closed.values_list("balance", "close__until").first()
    entries = LedgerEntry.objects.filter(account=account, transaction__posted_at__lt=at)
    if last is not None:
        entries = entries.filter(transaction__posted_at__gte=last[1])
    moved = entries.aggregate(amount=Sum(F("credit") - F("debit")))["amount"]
    return (last[0] if last else 0) + int(moved or 0)


def list_entries(
    *, kind: AccountKind, organization_id: uuid.UUID | None, limit: int, before: int | None = None
) -> list[EntryLine]:
    """The account's latest entries, newest first; `before` is the id of the last line of the page before."""
    account = LedgerAccount.objects.filter(kind=kind, organization_id=organization_id).first()
    if account is None:
        return []
    entries = LedgerEntry.objects.filter(account=account).select_related("transaction").order_by("-id")
    if before is not None:
        entries = entries.filter(id__lt=before)
    return [_to_line(entry) for entry in entries[:limit]]


def list_closes(limit: int) -> list[LedgerClose]:
    """The latest closes of the books, newest first."""
    return list(LedgerClose.objects.order_by("-until")[:limit])


def list_amounts(*, kind: AccountKind, since: datetime, until: datetime) -> dict[uuid.UUID, int]:
    """What each transaction posted in [since, until) did to the platform's account of that kind, by transaction."""
    entries = LedgerEntry.objects.filter(
        account__kind=kind, account__organization_id=None,
        transaction__posted_at__gte=since, transaction__posted_at__lt=until,
    )  # fmt: skip
    return _sum_by_transaction(entries)


def find_amounts(*, kind: AccountKind, transaction_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, int]:
    """What those of the transactions that were posted did to the platform's account of that kind."""
    entries = LedgerEntry.objects.filter(account__kind=kind, account__organization_id=None)
    return _sum_by_transaction(entries.filter(transaction_id__in=transaction_ids))


def _sum_by_transaction(entries: QuerySet[LedgerEntry]) -> dict[uuid.UUID, int]:
    sums = entries.values_list("transaction_id").annotate(amount=Sum("credit") - Sum("debit"))
    return {transaction_id: int(amount) for transaction_id, amount in sums}


def _to_line(entry: LedgerEntry) -> EntryLine:
    return EntryLine(
        id=entry.pk,
        transaction_id=entry.transaction.id,
        kind=entry.transaction.kind,
        cause=entry.transaction.cause,
        amount=entry.credit - entry.debit,
        posted_at=entry.transaction.posted_at,
    )
