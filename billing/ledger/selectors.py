"""Reading the ledger."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from billing.ledger.models import AccountKind, LedgerAccount, LedgerEntry


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


def _to_line(entry: LedgerEntry) -> EntryLine:
    return EntryLine(
        id=entry.pk,
        transaction_id=entry.transaction.id,
        kind=entry.transaction.kind,
        cause=entry.transaction.cause,
        amount=entry.credit - entry.debit,
        posted_at=entry.transaction.posted_at,
    )
