"""Moving money. Everything but calls goes through here; the drain posts calls by the thousand with the same rules."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from billing.errors import InvalidAmount
from billing.ledger.models import AccountKind, LedgerAccount, TransactionKind

POST = """
WITH posted AS (
    INSERT INTO ledger_transaction (id, kind, cause, posted_at) VALUES (%s, %s, %s, %s)
    ON CONFLICT DO NOTHING RETURNING id
)
INSERT INTO ledger_entry (transaction_id, account_id, debit, credit)
SELECT posted.id, line.account_id, greatest(-line.amount, 0), greatest(line.amount, 0)
FROM posted, unnest(%s::uuid[], %s::bigint[]) AS line (account_id, amount)
"""


@dataclass(frozen=True)
class Movement:
    """What one transaction does to one account: positive micro-credits give, negative take."""

    account_id: uuid.UUID
    amount: int


def open_account(*, kind: AccountKind, organization_id: uuid.UUID | None = None) -> uuid.UUID:
    """The id of the account, which is opened if it is not there. Safe to repeat and to race."""
    values = [LedgerAccount(kind=kind, organization_id=organization_id)]
    LedgerAccount.objects.bulk_create(values, ignore_conflicts=True)
    return LedgerAccount.objects.values_list("id", flat=True).get(kind=kind, organization_id=organization_id)


def post_transaction(
    *,
    transaction_id: uuid.UUID,
    kind: TransactionKind,
    cause: str,
    movements: Sequence[Movement],
    posted_at: datetime,
) -> bool:
    """Posts one transaction and answers True; False, and nothing happens, if its id was posted before.

    Raises django.db.IntegrityError when the movements do not add up to zero or name an unknown account.
    """
    accounts = [movement.account_id for movement in movements]
    amounts = [movement.amount for movement in movements]
    with connection.cursor() as cursor:
        cursor.execute(POST, [transaction_id, kind, cause, posted_at, accounts, amounts])
        return bool(cursor.rowcount > 0)


@transaction.atomic
def grant_credits(
    *, grant_id: uuid.UUID, organization_id: uuid.UUID, amount: int, cause: str, posted_at: datetime
) -> bool:
    """Gives `amount` micro-credits from the promotions account; False if this grant was made before.

    Raises InvalidAmount.
    """
    if amount <= 0:
        raise InvalidAmount(f"A grant is a positive number of micro-credits, not {amount}.")
    giver = open_account(kind=AccountKind.PROMOTIONS)
    receiver = open_account(kind=AccountKind.CUSTOMER, organization_id=organization_id)
    return post_transaction(
        transaction_id=grant_id,
        kind=TransactionKind.GRANT,
        cause=cause,
        movements=[Movement(giver, -amount), Movement(receiver, amount)],
        posted_at=posted_at,
    )
