"""Reading budgets and limits."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from billing.budgets.models import Budget, KeyLimit
from billing.budgets.spending import read_spending


@dataclass(frozen=True)
class BudgetLine:
    """A budget and what was spent of it in its current period, in micro-credits."""

    budget: Budget
    spent: int

    @property
    def percent(self) -> int:
        """Of the amount, rounded down, 100 at most."""
        return min(100, self.spent * 100 // self.budget.amount) if self.budget.amount else 100


def list_budgets(organization_id: uuid.UUID, at: datetime) -> list[BudgetLine]:
    """The organization's budgets: its own first, then those of members and keys."""
    found = Budget.objects.filter(organization_id=organization_id).order_by("key_id", "member_id", "period")
    budgets = sorted(found, key=lambda budget: (budget.key_id is not None, budget.member_id is not None))
    spending = read_spending(budgets, at)
    return [BudgetLine(budget, spending[budget.id]) for budget in budgets]


def list_key_limits(organization_id: uuid.UUID) -> dict[uuid.UUID, KeyLimit]:
    """The limits of the organization's keys, by the key's id."""
    return {limit.key_id: limit for limit in KeyLimit.objects.filter(organization_id=organization_id)}


def collect_budgets(organization_ids: Collection[uuid.UUID] | None) -> dict[uuid.UUID, list[Budget]]:
    """The budgets of these organizations, or of all, by organization."""
    found = Budget.objects.order_by("pk")
    collected: dict[uuid.UUID, list[Budget]] = {}
    for budget in found if organization_ids is None else found.filter(organization_id__in=organization_ids):
        collected.setdefault(budget.organization_id, []).append(budget)
    return collected


def collect_key_limits(organization_ids: Collection[uuid.UUID] | None) -> dict[uuid.UUID, list[KeyLimit]]:
    """The limits of keys of these organizations, or of all, by organization."""
    found = KeyLimit.objects.order_by("pk")
    collected: dict[uuid.UUID, list[KeyLimit]] = {}
    for limit in found if organization_ids is None else found.filter(organization_id__in=organization_ids):
        collected.setdefault(limit.organization_id, []).append(limit)
    return collected
