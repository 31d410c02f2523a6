"""Closing the books: does everything that was recorded add up?"""

from dataclasses import asdict, dataclass

from django.db import connection

# Of removed call records only the postings are left, in part or whole; a call is posted within two days of its start.
CHECK = """
WITH sums AS (
    SELECT transaction_id, sum(credit) AS credits, sum(debit) AS debits FROM ledger_entry GROUP BY transaction_id
), accounts AS (
    SELECT account_id, sum(credit) - sum(debit) AS balance FROM ledger_entry GROUP BY account_id
), costed AS (
    SELECT posting_id, count(*) AS calls, sum(compute_charge + royalty_charge) AS cost FROM metering_call_record
    WHERE compute_charge + royalty_charge > 0 GROUP BY posting_id
), postings AS (
    SELECT id, posted_at, credits FROM ledger_transaction LEFT JOIN sums ON transaction_id = id WHERE kind = 'call'
), both_sides AS (
    SELECT * FROM costed JOIN postings ON id = posting_id
)
SELECT
    (SELECT count(*) FROM metering_call_record),
    (SELECT coalesce(sum(calls), 0) FROM costed),
    (SELECT coalesce(sum(calls), 0) FROM both_sides),
    (SELECT coalesce(sum(credit) - sum(debit), 0) FROM ledger_entry),
    (SELECT count(*) FROM sums WHERE credits <> debits),
    (SELECT count(*) FROM ledger_transaction t WHERE NOT EXISTS (SELECT FROM sums WHERE transaction_id = t.id)),
    (SELECT count(*) FROM ledger_account a LEFT JOIN accounts ON account_id = a.id
     WHERE a.balance <> coalesce(accounts.balance, 0)),
    (SELECT count(*) FROM (SELECT FROM metering_call_record GROUP BY call_id HAVING count(*) > 1) AS twice),
    (SELECT coalesce(sum(calls), 0) FROM costed WHERE NOT EXISTS (SELECT FROM postings WHERE id = posting_id)),
    (SELECT count(*) FROM postings WHERE NOT EXISTS (SELECT FROM costed WHERE posting_id = id)
     AND NOT EXISTS (SELECT FROM metering_retention WHERE posted_at < removed_before + 2)),
    (SELECT count(*) FROM both_sides WHERE cost IS DISTINCT FROM credits
     AND NOT EXISTS (SELECT FROM metering_retention WHERE posted_at < removed_before + 2))
"""


@dataclass(frozen=True)
class LedgerReport:
    """Three counts for orientation, then what is zero in good order."""

    calls_recorded: int
    calls_costed: int
    calls_posted: int
    surplus: int
    """Credits less debits over the whole ledger, in micro-credits."""
    unbalanced_transactions: int
    empty_transactions: int
    wrong_balances: int
    """Accounts whose balance is not the sum of their entries."""
    calls_recorded_twice: int
    calls_not_posted: int
    """Records that cost something and have no posting."""
    postings_without_call: int
    wrong_amounts: int
    """Postings that moved another amount than their records say."""

    @property
    def faults(self) -> dict[str, int]:
        """What is not as it must be, by name; empty in good order."""
        orientation = {"calls_recorded", "calls_costed", "calls_posted"}
        return {name: value for name, value in asdict(self).items() if value and name not in orientation}

    @property
    def in_order(self) -> bool:
        return not self.faults


def check_ledger() -> LedgerReport:
    """Compares the whole ledger with itself and with the call records, in one snapshot. Reads every row."""
    with connection.cursor() as cursor:
        cursor.execute(CHECK)
        return LedgerReport(*(int(value) for value in cursor.fetchone()))
