"""Prices as operators see them: a new price is a new effective date, set by the version's author."""

from django.contrib import admin

from billing.admin_tables import ReadOnly, in_credits
from billing.pricing.models import Price


@admin.register(Price)
class PriceAdmin(ReadOnly):
    """What calls of a version cost, and since when."""

    list_display = ("version_id", "effective_at", "per_call", "per_second", "free_calls_per_month", "compute")
    search_fields = ("version_id",)
    ordering = ("-effective_at",)
    show_full_result_count = False

    @admin.display(description="royalty per call, credits", ordering="royalty_per_call")
    def per_call(self, price: Price) -> str:
        """To the author."""
        return in_credits(price.royalty_per_call)

    @admin.display(description="royalty per second", ordering="royalty_per_second")
    def per_second(self, price: Price) -> str:
        """To the author."""
        return in_credits(price.royalty_per_second)

    @admin.display(description="compute per second", ordering="compute_per_second")
    def compute(self, price: Price) -> str:
        """To the platform."""
        return in_credits(price.compute_per_second)
