"""Double-entry money. The only place where credits move; amounts are integers of micro-credits.

A transaction moves money between accounts by two or more entries whose debits equal their credits. An
account's balance is its credits minus its debits, so what we owe somebody is positive and the balances of all
accounts add up to zero.

| account kind | one per | balance means | credited by | debited by |
| --- | --- | --- | --- | --- |
| `customer` | organization | credits it can still spend; calls may overdraw it | grants, purchases | calls, refunds |
| `author` | organization | what its algorithms earned and we have not paid out | its share of royalties | payouts |
| `platform_revenue` | platform | what the platform earned | compute, its royalty share | refunds |
| `promotions` | platform | minus the credits given away | | free credits |
| `stripe` | platform | minus the money that came in through Stripe and is not out again | refunds, payouts | payments |
| `receivables` | platform | minus what was advanced to organizations on terms and not paid | paid invoices | advances |
| `payouts_held` | platform | what is on its way to authors | payouts begun | payouts that arrived or came back |
| `suspense` | platform | what waits for a person to explain it; zero in good order | corrections | corrections |

An organization that both buys and sells has two accounts: what it earned can be paid out, what it was given cannot.

PostgreSQL keeps the rules, whoever writes (migrations/0002): a posting is ONE statement that inserts transactions
together with all their entries; each balances; nothing is ever updated, deleted or truncated; a balance changes only by
entries, its row locked in the order of ids. Mistakes are undone by another transaction. The foreign keys are
checked by the same triggers for the whole statement at once, which at thousands of calls a second is several times
cheaper than PostgreSQL's row by row check, and as strict, since nothing that they point at can go away.
"""

import uuid

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.utils import timezone


class AccountKind(models.TextChoices):
    """Whose money an account holds; the table above says what its balance means."""

    CUSTOMER = "customer"
    AUTHOR = "author"
    PLATFORM_REVENUE = "platform_revenue"
    PROMOTIONS = "promotions"
    STRIPE = "stripe"
    RECEIVABLES = "receivables"
    PAYOUTS_HELD = "payouts_held"
    SUSPENSE = "suspense"


ORGANIZATION_KINDS = (AccountKind.CUSTOMER, AccountKind.AUTHOR)


class TransactionKind(models.TextChoices):
    """Why money moved."""

    CALL = "call"
    GRANT = "grant"
    PURCHASE = "purchase"
    REFUND = "refund"
    DISPUTE = "dispute"
    ADVANCE = "advance"
    INVOICE = "invoice"
    PAYOUT = "payout"
    CORRECTION = "correction"


class LedgerAccount(models.Model):
    """A place where money stands. `balance` is written by the database only."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=20, choices=AccountKind.choices)
    organization_id = models.UUIDField(null=True, help_text="Whose it is; null for the platform's own.")
    balance = models.BigIntegerField(default=0, editable=False)
    opened_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "ledger_account"
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "organization_id"], nulls_distinct=False, name="ledger_account_one_per_owner"
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=ORGANIZATION_KINDS, organization_id__isnull=False)
                | (~models.Q(kind__in=ORGANIZATION_KINDS) & models.Q(organization_id__isnull=True)),
                name="ledger_account_has_its_owner",
            ),
            models.CheckConstraint(condition=models.Q(kind__in=AccountKind.values), name="ledger_account_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.organization_id or 'the platform'}"


class LedgerTransaction(models.Model):
    """One movement of money. Its id is its cause's idempotency key; calls have theirs in their records (0020)."""

    id = models.UUIDField(primary_key=True, editable=False)
    kind = models.CharField(max_length=20, choices=TransactionKind.choices)
    cause = models.TextField()
    posted_at = models.DateTimeField()

    class Meta:
        db_table = "ledger_transaction"
        indexes = [BrinIndex(fields=["posted_at"], name="ledger_transaction_by_time", autosummarize=True)]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class LedgerEntry(models.Model):
    """One side of a transaction in one account: a debit takes from it, a credit gives to it."""

    transaction = models.ForeignKey(
        LedgerTransaction, on_delete=models.RESTRICT, related_name="entries", db_constraint=False
    )
    account = models.ForeignKey(
        LedgerAccount, on_delete=models.RESTRICT, related_name="entries", db_constraint=False, db_index=False
    )
    debit = models.BigIntegerField(default=0)
    credit = models.BigIntegerField(default=0)

    class Meta:
        db_table = "ledger_entry"
        indexes = [models.Index(fields=["account", "-id"], name="ledger_entry_by_account")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(debit__gt=0, credit=0) | models.Q(debit=0, credit__gt=0),
                name="ledger_entry_one_side",
            ),
        ]

    def __str__(self) -> str:
        return f"debit {self.debit}" if self.debit else f"credit {self.credit}"


class LedgerClose(models.Model):
    """A close of the books: everything posted before `until`, checked, with every account's balance at that time."""

    until = models.DateTimeField(unique=True)
    closed_at = models.DateTimeField()
    calls_recorded = models.BigIntegerField(help_text="Since the close before, as are the next two.")
    calls_posted = models.BigIntegerField()
    transactions = models.BigIntegerField()
    differences = models.JSONField(help_text="What is not as it must be, by name; empty in good order.")

    class Meta:
        db_table = "ledger_close"

    def __str__(self) -> str:
        return f"close until {self.until:%Y-%m-%d %H:%M}"


class ClosedBalance(models.Model):
    """An account's balance at a close."""

    close = models.ForeignKey(LedgerClose, on_delete=models.CASCADE, related_name="balances")
    account = models.ForeignKey(LedgerAccount, on_delete=models.RESTRICT, related_name="+", db_index=False)
    balance = models.BigIntegerField()

    class Meta:
        db_table = "ledger_closed_balance"
        constraints = [models.UniqueConstraint(fields=["account", "close"], name="ledger_closed_balance_once")]

    def __str__(self) -> str:
        return f"{self.balance} at {self.close_id}"
