"""The daily close: that what was posted since the last one adds up, is what was recorded, and is what gateways hold.

Unlike check_ledger it reads a day, not everything: balances are carried on from close to close, and whatever is posted
into a time that was closed shows as a balance that differs.
"""

import time
from datetime import UTC, datetime

from django.db import connection, transaction

from billing.ledger.models import LedgerClose
from billing.metering.hot_balances import rebuild_hot_balances

SETTLE_SECONDS = 2.0
"""Between two looks at the hot balances: what differs in both is no call on its way."""
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)

CARRY = """
INSERT INTO ledger_closed_balance (close_id, account_id, balance)
SELECT %(close)s, account.id, coalesce(before.balance, 0) + coalesce(moved.amount, 0)
FROM ledger_account account
LEFT JOIN ledger_closed_balance before ON before.account_id = account.id AND before.close_id = %(before)s
LEFT JOIN (
    SELECT account_id, sum(credit) - sum(debit) AS amount FROM ledger_entry
    JOIN ledger_transaction t ON t.id = transaction_id
    WHERE t.posted_at >= %(since)s AND t.posted_at < %(until)s GROUP BY account_id
) AS moved ON moved.account_id = account.id
"""

# Records and their posting have the same time (posting.py), so that a window has all of them or none.
CHECK = """
WITH window_transactions AS (
    SELECT id, kind FROM ledger_transaction WHERE posted_at >= %(since)s AND posted_at < %(until)s
), sums AS (
    SELECT transaction_id AS id, sum(credit) AS credits, sum(debit) AS debits FROM ledger_entry
    JOIN window_transactions w ON w.id = transaction_id GROUP BY transaction_id
), postings AS (
    SELECT id, credits FROM window_transactions LEFT JOIN sums USING (id) WHERE kind = 'call'
), records AS (
    SELECT posting_id, compute_charge + royalty_charge AS cost FROM metering_call_record
    WHERE recorded_at >= %(since)s AND recorded_at < %(until)s
), costed AS (
    SELECT posting_id, count(*) AS calls, sum(cost) AS cost FROM records WHERE cost > 0 GROUP BY posting_id
), both_sides AS (
    SELECT * FROM costed JOIN postings ON id = posting_id
), later AS (
    SELECT account_id, sum(credit) - sum(debit) AS amount FROM ledger_entry
    JOIN ledger_transaction t ON t.id = transaction_id WHERE t.posted_at >= %(until)s GROUP BY account_id
)
SELECT (SELECT count(*) FROM records), (SELECT coalesce(sum(calls), 0) FROM both_sides),
    (SELECT count(*) FROM window_transactions),
    (SELECT coalesce(sum(balance), 0) FROM ledger_closed_balance WHERE close_id = %(close)s),
    (SELECT count(*) FROM sums WHERE credits <> debits),
    (SELECT count(*) FROM ledger_closed_balance closed JOIN ledger_account a ON a.id = closed.account_id
     LEFT JOIN later ON later.account_id = a.id
     WHERE close_id = %(close)s AND a.balance <> closed.balance + coalesce(later.amount, 0)),
    (SELECT coalesce(sum(calls), 0) FROM costed WHERE NOT EXISTS (SELECT FROM postings WHERE id = posting_id)),
    (SELECT count(*) FROM postings WHERE NOT EXISTS (SELECT FROM costed WHERE posting_id = id)),
    (SELECT count(*) FROM both_sides WHERE cost IS DISTINCT FROM credits),
    (SELECT coalesce((SELECT sum(cost) FROM records), 0) - coalesce((SELECT sum(credits) FROM postings), 0))
"""
ORIENTATION = ("calls_recorded", "calls_posted", "transactions")
MUST_BE_ZERO = (
    "surplus",
    "unbalanced_transactions",
    "wrong_balances",
    "calls_not_posted",
    "postings_without_call",
    "wrong_amounts",
    "records_less_postings",
)


def close_books(*, until: datetime, closed_at: datetime) -> LedgerClose:
    """Closes what was posted before `until`, which lies in the past; one that is closed is answered as it is.

    What differs is kept with the close, and never hidden: look at `differences`.
    """
    existing = LedgerClose.objects.filter(until=until).first()
    if existing is not None:
        return existing
    hot = _find_hot_differences()
    with transaction.atomic():
        return _close(until, closed_at, hot)


def _close(until: datetime, closed_at: datetime, hot: list[dict[str, object]]) -> LedgerClose:
    with connection.cursor() as cursor:
        if len(connection.savepoint_ids) == 0:  # inside somebody's transaction it is too late to ask for a snapshot
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        before = LedgerClose.objects.filter(until__lt=until).order_by("-until").first()
        close = LedgerClose.objects.create(
            until=until, closed_at=closed_at, calls_recorded=0, calls_posted=0, transactions=0, differences={}
        )
        window = {
            "close": close.pk,
            "before": before.pk if before else None,
            "since": before.until if before else BEGINNING,
            "until": until,
        }
        cursor.execute(CARRY, window)
        cursor.execute(CHECK, window)
        found = [int(value) for value in cursor.fetchone()]
    counts = dict(zip((*ORIENTATION, *MUST_BE_ZERO), found, strict=True))
    close.differences = {name: counts[name] for name in MUST_BE_ZERO if counts[name]}
    if hot:
        close.differences["hot_balances"] = hot
    for name in ORIENTATION:
        setattr(close, name, counts[name])
    close.save()
    return close


def _find_hot_differences() -> list[dict[str, object]]:
    first = set(rebuild_hot_balances().differences)
    if not first:
        return []
    time.sleep(SETTLE_SECONDS)
    lasting = first & set(rebuild_hot_balances().differences)
    return [{"organization_id": str(one.organization_id), "hot": one.hot, "expected": one.expected} for one in lasting]
