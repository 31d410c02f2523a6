"""Setting budgets and limits, and noticing what was passed."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from billing.budgets.models import Budget, Crossing, KeyLimit
from billing.budgets.spending import begin_counting, read_spending
from billing.errors import InvalidAmount
from billing.metering.counters import Period, spent_key

WARNED_PERCENT = (50, 80, 100)


@dataclass(frozen=True)
class BudgetWarning:
    """That a budget has passed a threshold in its current period. Amounts are micro-credits."""

    budget: Budget
    percent: int
    spent: int


@transaction.atomic
def set_budget(
    *,
    organization_id: uuid.UUID,
    key_id: uuid.UUID | None = None,
    member_id: int | None = None,
    period: Period,
    amount: int,
    hard: bool,
    webhook_url: str = "",
    at: datetime,
) -> Budget:
    """Makes the budget, or changes the one of the same subject and period. Raises InvalidAmount."""
    if amount < 0:
        raise InvalidAmount(f"A budget is a number of micro-credits from 0 on, not {amount}.")
    budget, _ = Budget.objects.update_or_create(
        organization_id=organization_id,
        key_id=key_id,
        member_id=member_id,
        period=period,
        defaults={"amount": amount, "hard": hard, "webhook_url": webhook_url},
        create_defaults={"amount": amount, "hard": hard, "webhook_url": webhook_url, "created_at": at},
    )
    begin_counting([budget], at)
    return budget


def remove_budget(*, organization_id: uuid.UUID, budget_id: uuid.UUID) -> bool:
    """Ends the budget; whether there was one."""
    return bool(Budget.objects.filter(organization_id=organization_id, pk=budget_id).delete()[0])


def set_key_limit(
    *, organization_id: uuid.UUID, key_id: uuid.UUID, calls_per_second: int | None, calls_at_once: int | None
) -> None:
    """Limits how fast the key may call; with two Nones it may call as fast as it can."""
    if calls_per_second is None and calls_at_once is None:
        KeyLimit.objects.filter(key_id=key_id, organization_id=organization_id).delete()
        return
    fields = {"calls_per_second": calls_per_second, "calls_at_once": calls_at_once}
    KeyLimit.objects.update_or_create(key_id=key_id, organization_id=organization_id, defaults=fields)


@transaction.atomic
def notice_crossings(at: datetime) -> list[BudgetWarning]:
    """The thresholds passed since the last time it was asked; each is answered once in its period."""
    budgets = list(Budget.objects.filter(amount__gt=0))
    spending = read_spending(budgets, at)
    keys = {span: spent_key(span, at.timestamp()).rpartition(":")[2] for span in {each.span for each in budgets}}
    told = set(Crossing.objects.filter(period_key__in=keys.values()).values_list("budget_id", "period_key", "percent"))
    return [
        BudgetWarning(budget, percent, spending[budget.id])
        for budget in budgets
        for percent in WARNED_PERCENT
        if spending[budget.id] * 100 >= budget.amount * percent
        and (budget.id, keys[budget.span], percent) not in told
        and _note(budget, keys[budget.span], percent, at)
    ]


def _note(budget: Budget, key: str, percent: int, at: datetime) -> bool:
    _, new = Crossing.objects.get_or_create(budget=budget, period_key=key, percent=percent, defaults={"crossed_at": at})
    return new
