"""What has been spent of budgets: counts in Redis (metering/counters.py), begun from the sums when there is none."""

import uuid
from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime
from typing import Any

from django.db.models import F, QuerySet, Sum

from billing.budgets.models import Budget
from billing.metering.connecting import connect
from billing.metering.counters import KEPT_SECONDS, read_spent, spent_field, spent_key
from billing.metering.events import MeterEvent
from billing.metering.models import UsageDay
from billing.metering.rebuilding import Amount, Changes, Recorded, rebuild


def read_spending(budgets: Iterable[Budget], at: datetime) -> dict[uuid.UUID, int]:
    """What was spent of each budget in the period of that moment, in micro-credits, by its id."""
    budgets = list(budgets)
    with connect() as client:
        fields = {period: {field_of(one) for one in budgets if one.span == period} for period in KEPT_SECONDS}
        spent = {period: read_spent(client, period, at.timestamp(), wanted) for period, wanted in fields.items()}
    return {budget.id: spent[budget.span][field_of(budget)] for budget in budgets}


def begin_counting(budgets: Collection[Budget], at: datetime) -> int:
    """Sets the counts that are missing to what the period's calls cost so far; answers how many it set.

    Calls that end before the gateways know of a new budget are missed: once, when it is made.
    """
    return len(rebuild(lambda: add_up_spending(budgets, at), spending_of(budgets)).restored)


def add_up_spending(budgets: Iterable[Budget], at: datetime) -> dict[Amount, Recorded]:
    """What the recorded calls of each budget's current period cost."""
    return {
        Amount(spent_key(one.span, at.timestamp()), field_of(one)): Recorded(_add_up(one, at), KEPT_SECONDS[one.span])
        for one in budgets
    }


def spending_of(budgets: Iterable[Budget]) -> Callable[[MeterEvent], Changes]:
    """What a call adds to the counts of these budgets."""
    by_payer: dict[str, list[Budget]] = {}
    for budget in budgets:
        by_payer.setdefault(str(budget.organization_id), []).append(budget)

    def change(event: MeterEvent) -> Changes:
        moment, cost = event.started_at / 1e6, event.compute_charge + event.royalty_charge
        mine = [one for one in by_payer.get(event.payer_id, ()) if _counts(one, event)]
        return [(amount, cost) for amount in {Amount(spent_key(one.span, moment), field_of(one)) for one in mine}]

    return change


def field_of(budget: Budget) -> str:
    """Whose spending the budget is about, as the counts name it."""
    return spent_field(str(budget.organization_id), key_id=str(budget.key_id or "") or None, member_id=budget.member_id)


def _counts(budget: Budget, event: MeterEvent) -> bool:
    return budget.key_id in (None, _to_uuid(event.key_id)) and budget.member_id in (None, event.member_id)


def _add_up(budget: Budget, at: datetime) -> int:
    cost = Sum(F("compute_charge") + F("royalty_charge"))
    return int(_filter(budget, _start_of(budget.period, at)).aggregate(cost=cost)["cost"] or 0)


def _filter(budget: Budget, starts_at: datetime) -> QuerySet[Any]:
    found = UsageDay.objects.filter(payer_id=budget.organization_id, starts_at__gte=starts_at)
    if budget.key_id is not None:
        found = found.filter(key_id=budget.key_id)
    if budget.member_id is not None:
        found = found.filter(member_id=budget.member_id)
    return found


def _start_of(period: str, at: datetime) -> datetime:
    day = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return day if period == "day" else day.replace(day=1)


def _to_uuid(text: str | None) -> uuid.UUID | None:
    return uuid.UUID(text) if text else None
