"""The ledger as operators see it: it is append-only, and so is this."""

from django.contrib import admin

from billing.admin_tables import ReadOnly, in_credits
from billing.ledger.models import LedgerAccount, LedgerClose, LedgerEntry, LedgerTransaction


@admin.register(LedgerAccount)
class LedgerAccountAdmin(ReadOnly):
    """Balances."""

    list_display = ("kind", "organization_id", "credits", "opened_at")
    list_filter = ("kind",)
    search_fields = ("organization_id",)
    ordering = ("kind", "opened_at")
    show_full_result_count = False

    @admin.display(description="balance, credits", ordering="balance")
    def credits(self, account: LedgerAccount) -> str:
        """With its sign."""
        return in_credits(account.balance)


class EntriesInline(admin.TabularInline):  # type: ignore[type-arg]
    """The sides of a transaction."""

    model = LedgerEntry
    fields = ("account", "debit", "credit")
    extra = max_num = 0
    can_delete = False


@admin.register(LedgerTransaction)
class LedgerTransactionAdmin(ReadOnly):
    """Movements of money, by their cause."""

    list_display = ("id", "kind", "cause", "posted_at")
    list_filter = ("kind",)
    search_fields = ("id__exact",)  # there are as many as calls
    ordering = ("-posted_at",)
    inlines = (EntriesInline,)
    show_full_result_count = False


@admin.register(LedgerClose)
class LedgerCloseAdmin(ReadOnly):
    """Closes of the books."""

    list_display = ("until", "closed_at", "calls_recorded", "calls_posted", "transactions", "differences")
    ordering = ("-until",)
