"""Budgets and limits. Amounts are micro-credits."""

from typing import Any

from rest_framework import serializers

from billing.api import BudgetLine
from marketplace.organizations.limits import LARGEST_BUDGET, LARGEST_RATE

PERIODS = ("day", "month")


class BudgetInputSerializer(serializers.Serializer):
    """What may be spent in each UTC day or month: by the organization, or by one key or member alone."""

    period = serializers.ChoiceField(PERIODS)
    amount_microcredits = serializers.IntegerField(source="amount", min_value=0, max_value=LARGEST_BUDGET)
    hard = serializers.BooleanField(default=True, help_text="Whether calls stop, with 402, when it is spent.")
    key_id = serializers.UUIDField(required=False, allow_null=True)
    member = serializers.CharField(required=False, allow_blank=True, max_length=150, help_text="A user name.")
    webhook_url = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=2_000,
        help_text="Gets a POST when 50, 80 and 100 per cent are spent, once each in a period; owners get a mail.",
    )


class BudgetSerializer(serializers.Serializer):
    """A budget, and what was spent of it in its current period."""

    id = serializers.UUIDField(source="budget.id")
    period = serializers.ChoiceField(PERIODS, source="budget.period")
    amount_microcredits = serializers.IntegerField(source="budget.amount")
    spent_microcredits = serializers.IntegerField(source="spent")
    hard = serializers.BooleanField(source="budget.hard")
    key_id = serializers.UUIDField(source="budget.key_id", allow_null=True)
    member = serializers.SerializerMethodField(help_text="The user name; null for a budget of no single member.")
    webhook_url = serializers.CharField(source="budget.webhook_url")

    def get_member(self, line: BudgetLine) -> str | None:
        names: dict[int, str] = self.context.get("members", {})
        return None if line.budget.member_id is None else names.get(line.budget.member_id, "")


class KeyLimitSerializer(serializers.Serializer):
    """How fast a key may call; null is no limit. More is answered with 429 and Retry-After."""

    calls_per_second = serializers.IntegerField(min_value=1, max_value=LARGEST_RATE, allow_null=True, default=None)
    calls_at_once = serializers.IntegerField(min_value=1, max_value=LARGEST_RATE, allow_null=True, default=None)

    def to_limits(self) -> dict[str, Any]:
        """The validated limits, as the arguments of set_key_limit."""
        return dict(self.validated_data)
