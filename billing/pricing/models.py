"""Prices of versions, append-only: what a caller was told never changes, a new price is a new effective date."""

from django.db import models


class Price(models.Model):
    """What calls of a version cost from `effective_at` on, in micro-credits. The database refuses changes."""

    version_id = models.UUIDField()
    compute_per_second = models.BigIntegerField()
    royalty_per_call = models.BigIntegerField()
    royalty_per_second = models.BigIntegerField(db_default=0)
    free_calls_per_month = models.BigIntegerField(db_default=0)
    """Of each paying organization, free of royalty."""
    free_to_owner = models.BooleanField(db_default=False)
    """Whether the organization that owns the algorithm owes no royalty."""
    effective_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version_id", "effective_at"], name="pricing_price_one_per_moment"),
            models.CheckConstraint(
                condition=models.Q(compute_per_second__gte=0, royalty_per_call__gte=0),
                name="pricing_price_not_negative",
            ),
            models.CheckConstraint(
                condition=models.Q(royalty_per_second__gte=0, free_calls_per_month__gte=0),
                name="pricing_price_terms_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version_id} from {self.effective_at:%Y-%m-%d %H:%M}"
