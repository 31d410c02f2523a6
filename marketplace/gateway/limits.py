"""Budgets, rates and calls at once, and the bounds of call trees: all in the gateway's memory.

Whoever has no limits costs one look into a dictionary. Rates and calls at once are of this process, and are for the
calls that a key makes itself: what those call in turn is bounded by their tree.
"""

import math
from collections import OrderedDict

import msgspec

from billing.api import Count, count_kept_seconds, free_calls_field, free_calls_key, spent_field, spent_key
from marketplace.directory.entries import BudgetEntry, KeyLimitEntry, LimitsEntry
from marketplace.gateway.callers import Caller, TreeBounds
from marketplace.gateway.errors import PaymentRequired, TooFast, TreeStopped
from marketplace.gateway.mirror import Mirror, Target

MOST_TREES = 100_000


class Tree(msgspec.Struct):
    """A call tree in progress: what was called below its first call, and what that cost in micro-credits."""

    calls: int = 0
    cost: int = 0


class Bucket(msgspec.Struct):
    """Calls that a key may still make at this moment; it fills at the key's rate, up to a second's worth."""

    calls: float
    filled_at: float


class Limits:
    """One per gateway."""

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror
        self._at_once: dict[str, int] = {}
        self._buckets: dict[str, Bucket] = {}
        self._trees: OrderedDict[str, Tree] = OrderedDict()

    def check(self, caller: Caller, now: float) -> None:
        """Raises PaymentRequired, TooFast or TreeStopped; counts the call into its rate and its tree."""
        entry = self._mirror.limits.get(caller.payer_id)
        if entry is not None:
            self._check_budgets(caller, entry, now)
            limit = _limit_of(caller, entry)
            if limit is not None and limit.calls_per_second:
                self._take_from_bucket(limit.key_id, limit.calls_per_second, now)
        if caller.root_id is not None:
            self._check_tree(caller.root_id, caller.bounds)

    def begin(self, caller: Caller) -> str | None:
        """Counts a call that starts; answers what `end` wants to know. Raises TooFast."""
        entry = self._mirror.limits.get(caller.payer_id)
        limit = _limit_of(caller, entry) if entry is not None else None
        if limit is None or not limit.calls_at_once:
            return None
        running = self._at_once.get(limit.key_id, 0)
        if running >= limit.calls_at_once:
            raise TooFast(f"This key may make {limit.calls_at_once} calls at once, and that many run.", 1)
        self._at_once[limit.key_id] = running + 1
        return limit.key_id

    def end(self, begun: str | None) -> None:
        """The call is over, however it went."""
        if begun is not None:
            running = self._at_once.pop(begun) - 1
            if running:
                self._at_once[begun] = running

    def is_free_call(self, caller: Caller, target: Target, now: float) -> bool:
        """Whether the call is one of the month's free ones; what is counted must be known (see know_free_calls)."""
        most = target.version.price.free_calls_per_month
        field = free_calls_field(payer_id=caller.payer_id, algorithm_id=target.algorithm.algorithm_id)
        return bool(most) and self._mirror.counts.get(free_calls_key(now), {}).get(field, 0) < most

    async def know_free_calls(self, caller: Caller, target: Target, now: float) -> None:
        """Has the count of free calls read while there may be some left; other gateways raise it too."""
        field = free_calls_field(payer_id=caller.payer_id, algorithm_id=target.algorithm.algorithm_id)
        if self.is_free_call(caller, target, now):
            await self._mirror.read_count(free_calls_key(now), field)

    def count(self, caller: Caller, target: Target, *, cost: int, free: bool, now: float) -> tuple[Count, ...]:
        """What the call adds to counts. Those in memory have it at once: the next call is decided with it."""
        counts = []
        entry = self._mirror.limits.get(caller.payer_id)
        if entry is not None and cost:
            spent = {(budget.period, _field_of(caller, budget)) for budget in _budgets_of(caller, entry)}
            counts = [Count(spent_key(period, now), field, cost, count_kept_seconds(period)) for period, field in spent]
        if free:
            field = free_calls_field(payer_id=caller.payer_id, algorithm_id=target.algorithm.algorithm_id)
            counts.append(Count(free_calls_key(now), field, 1, count_kept_seconds("month")))
        for count in counts:
            known = self._mirror.counts.setdefault(count.key, {})
            known[count.field] = known.get(count.field, 0) + count.amount
        if caller.root_id is not None:
            self._tree(caller.root_id).cost += cost
        return tuple(counts)

    def forget_tree(self, root_id: str) -> None:
        """Its first call is over."""
        self._trees.pop(root_id, None)

    def _check_budgets(self, caller: Caller, entry: LimitsEntry, now: float) -> None:
        for budget in _budgets_of(caller, entry):
            if budget.hard:
                spent = self._mirror.counts.get(spent_key(budget.period, now), {}).get(_field_of(caller, budget), 0)
                if spent >= budget.amount:
                    whose = "key" if budget.key_id else "member" if budget.member_id is not None else "organization"
                    raise PaymentRequired(f"The budget of this {whose} for this {budget.period} is spent.")

    def _take_from_bucket(self, key_id: str, rate: int, now: float) -> None:
        bucket = self._buckets.get(key_id)
        if bucket is None:
            bucket = self._buckets[key_id] = Bucket(calls=rate, filled_at=now)
        bucket.calls = min(rate, bucket.calls + (now - bucket.filled_at) * rate)
        bucket.filled_at = now
        if bucket.calls < 1:
            raise TooFast(f"This key may make {rate} calls per second.", math.ceil((1 - bucket.calls) / rate))
        bucket.calls -= 1

    def _check_tree(self, root_id: str, bounds: TreeBounds) -> None:
        tree = self._tree(root_id)
        if tree.calls >= bounds.calls:
            raise TreeStopped(f"Below the first call {bounds.calls} were made: its caller allows no more (max_calls).")
        if bounds.cost is not None and tree.cost >= bounds.cost:
            raise PaymentRequired("The calls below the first one cost as much as its caller allows (max_cost).")
        tree.calls += 1

    def _tree(self, root_id: str) -> Tree:
        tree = self._trees.get(root_id)
        if tree is None:
            if len(self._trees) >= MOST_TREES:  # of first calls that other gateways made
                self._trees.popitem(last=False)
            tree = self._trees[root_id] = Tree()
        return tree


def _limit_of(caller: Caller, entry: LimitsEntry) -> KeyLimitEntry | None:
    if caller.key_id is None or caller.root_id is not None:
        return None
    return next((limit for limit in entry.keys if limit.key_id == caller.key_id), None)


def _budgets_of(caller: Caller, entry: LimitsEntry) -> list[BudgetEntry]:
    return [
        budget
        for budget in entry.budgets
        if budget.key_id in (None, caller.key_id) and budget.member_id in (None, caller.user_id)
    ]


def _field_of(caller: Caller, budget: BudgetEntry) -> str:
    return spent_field(caller.payer_id, key_id=budget.key_id, member_id=budget.member_id)
