"""Everything that a Redis which lost its data must know of money again: balances, budgets' spending, free calls."""

import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from billing.budgets.models import Budget
from billing.budgets.spending import add_up_spending, spending_of
from billing.metering.counters import KEPT_SECONDS, free_calls_field, free_calls_key
from billing.metering.events import MeterEvent
from billing.metering.hot_balances import RebuildReport, charge, read_balances, tell_gateways
from billing.metering.models import CallRecord
from billing.metering.rebuilding import Amount, Changes, Recorded, is_whole, rebuild


def rebuild_redis(map_versions: Callable[[], Mapping[uuid.UUID, uuid.UUID]], at: datetime) -> RebuildReport:
    """Sets what is missing of hot balances and counts; everything if Redis lost its data. Safe to repeat.

    `map_versions` says which algorithm each version is one of: free calls are counted by algorithm, and added up only
    when Redis lost its data, since that reads the month's calls.
    """
    budgets, lost = list(Budget.objects.all()), not is_whole()
    algorithm_ids, spent = map_versions() if lost else {}, spending_of(budgets)

    def read_recorded() -> dict[Amount, Recorded]:
        free_calls = _add_up_free_calls(algorithm_ids, at) if lost else {}
        return {**read_balances(), **add_up_spending(budgets, at), **free_calls}

    def change(event: MeterEvent) -> Changes:
        yield from charge(event)
        yield from spent(event)
        if lost and event.waiver == "free_call":
            algorithm_id = str(algorithm_ids.get(uuid.UUID(event.version_id)))
            field = free_calls_field(payer_id=event.payer_id, algorithm_id=algorithm_id)
            yield Amount(free_calls_key(event.started_at / 1e6), field), 1

    return tell_gateways(rebuild(read_recorded, change, replace_lost=True))


def _add_up_free_calls(algorithm_ids: Mapping[uuid.UUID, uuid.UUID], at: datetime) -> dict[Amount, Recorded]:
    """The month's free calls, of every payer and algorithm."""
    month = at.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    used: Counter[Amount] = Counter()
    free = CallRecord.objects.filter(started_at__gte=month, waiver="free_call")
    for payer_id, version_id in free.values_list("payer_id", "version_id").iterator():
        field = free_calls_field(payer_id=str(payer_id), algorithm_id=str(algorithm_ids.get(version_id)))
        used[Amount(free_calls_key(at.timestamp()), field)] += 1
    return {amount: Recorded(count, KEPT_SECONDS["month"]) for amount, count in used.items()}
