"""What has been spent of budgets: counts in Redis (metering/counters.py), begun from the sums when there is none."""

import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.db.models import F, QuerySet, Sum

from billing.budgets.models import Budget
from billing.metering.counters import KEPT_SECONDS, read_spent, spent_field, spent_key
from billing.metering.hot_balances import connect, read_pending_events
from billing.metering.models import UsageDay


def read_spending(budgets: Iterable[Budget], at: datetime) -> dict[uuid.UUID, int]:
    """What was spent of each budget in the period of that moment, in micro-credits, by its id."""
    budgets = list(budgets)
    with connect() as client:
        periods = {budget.span for budget in budgets}
        spent = {period: read_spent(client, period, at.timestamp()) for period in periods}
    return {budget.id: spent[budget.span].get(field_of(budget), 0) for budget in budgets}


def begin_counting(budgets: Iterable[Budget], at: datetime) -> int:
    """Sets the counts that are missing to what the period's calls cost so far; answers how many it set.

    Calls that end at this very moment may be missed or counted twice: once, when a budget is made.
    """
    begun = 0
    with connect() as client:
        for budget in budgets:
            key, field = spent_key(budget.span, at.timestamp()), field_of(budget)
            if not client.hexists(key, field) and (spent := _add_up(budget, at)) > 0:
                begun += client.hsetnx(key, field, str(spent))
                client.expire(key, KEPT_SECONDS[budget.span])
    return begun


def field_of(budget: Budget) -> str:
    """Whose spending the budget is about, as the counts name it."""
    return spent_field(str(budget.organization_id), key_id=str(budget.key_id or "") or None, member_id=budget.member_id)


def _add_up(budget: Budget, at: datetime) -> int:
    """The cost of the period's calls: those not yet recorded, then those that are."""
    starts_at = _start_of(budget.period, at)
    pending = sum(
        event.compute_charge + event.royalty_charge
        for event in read_pending_events()
        if event.payer_id == str(budget.organization_id)
        and budget.key_id in (None, _to_uuid(event.key_id))
        and budget.member_id in (None, event.member_id)
        and event.started_at >= starts_at.timestamp() * 1e6
    )
    recorded = _filter(budget, starts_at).aggregate(cost=Sum(F("compute_charge") + F("royalty_charge")))["cost"]
    return pending + int(recorded or 0)


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
