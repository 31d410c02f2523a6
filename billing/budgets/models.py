"""What may be spent, and how fast: by an organization, one of its keys, or one of its members."""

import uuid

from django.db import models

from billing.metering import counters


class Period(models.TextChoices):
    """How long an amount lasts: UTC days and months."""

    DAY = "day"
    MONTH = "month"


class Budget(models.Model):
    """So many micro-credits in each period, of the organization, or of its key or member alone.

    A hard one stops calls when it is spent; every one is told of at WARNED_PERCENT of it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization_id = models.UUIDField()
    key_id = models.UUIDField(null=True)
    member_id = models.BigIntegerField(null=True)
    period = models.CharField(max_length=5, choices=Period)
    amount = models.BigIntegerField()
    hard = models.BooleanField()
    webhook_url = models.TextField(blank=True, default="")
    created_at = models.DateTimeField()

    class Meta:
        db_table = "budgets_budget"
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "key_id", "member_id", "period"],
                nulls_distinct=False,
                name="budgets_budget_one_per_period",
            ),
            models.CheckConstraint(condition=models.Q(amount__gte=0), name="budgets_budget_not_negative"),
            models.CheckConstraint(condition=models.Q(period__in=Period.values), name="budgets_budget_period"),
            models.CheckConstraint(
                condition=models.Q(key_id=None) | models.Q(member_id=None), name="budgets_budget_one_subject"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} a {self.period}"

    @property
    def span(self) -> counters.Period:
        """Its period, as the counts name it."""
        return "day" if self.period == Period.DAY else "month"


class KeyLimit(models.Model):
    """How fast a key may call. Null is no limit."""

    key_id = models.UUIDField(primary_key=True)
    organization_id = models.UUIDField(db_index=True)
    calls_per_second = models.IntegerField(null=True)
    calls_at_once = models.IntegerField(null=True)

    class Meta:
        db_table = "budgets_key_limit"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(calls_per_second__gt=0) | models.Q(calls_per_second=None),
                name="budgets_key_limit_rate",
            ),
            models.CheckConstraint(
                condition=models.Q(calls_at_once__gt=0) | models.Q(calls_at_once=None), name="budgets_key_limit_at_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key_id}: {self.calls_per_second}/s, {self.calls_at_once} at once"


class Crossing(models.Model):
    """That a budget's threshold was passed in a period, which is told once."""

    budget = models.ForeignKey(Budget, on_delete=models.CASCADE, related_name="crossings")
    period_key = models.CharField(max_length=8)
    percent = models.SmallIntegerField()
    crossed_at = models.DateTimeField()

    class Meta:
        db_table = "budgets_crossing"
        constraints = [
            models.UniqueConstraint(fields=["budget", "period_key", "percent"], name="budgets_crossing_told_once")
        ]

    def __str__(self) -> str:
        return f"{self.percent} % of {self.budget} in {self.period_key}"
