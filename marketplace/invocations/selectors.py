"""Calls as pages show them: billing's records joined with the marketplace's names."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from django.core.cache import cache
from django.db.models import F, Func, IntegerField, JSONField, QuerySet, TextField, Value
from django.db.models.functions import Concat
from django.utils import timezone

from billing import api as billing
from billing.api import (
    AlgorithmEarnings,
    AlgorithmMeasures,
    AlgorithmTotals,
    CallLine,
    CallTotals,
    DayOfCalls,
    DayTotals,
    Span,
    SpanTotals,
)
from marketplace.algorithms.models import Algorithm
from marketplace.errors import NotFound
from marketplace.organizations.models import ApiKey, Organization
from marketplace.organizations.selectors import AccessibleOrganization

STATISTICS_WINDOW = timedelta(days=30)
STATISTICS_CACHE_SECONDS = 60
RANKED_ALGORITHMS = 500
"""How far down the most called ones are told apart."""
SLOW_SECONDS = 0.1
MOST_NODES = 500
NO_CALLS = AlgorithmMeasures(calls=0, median_run_us=None)

T = TypeVar("T")


@dataclass(frozen=True)
class Call:
    """A recorded call. Of a call that another organization paid for, its author sees neither payer nor key."""

    record: CallLine
    payer: str | None
    """Slug of the organization that paid."""
    key_name: str | None
    """None for a call made by another algorithm or in the console too."""


@dataclass(frozen=True)
class TreeNode:
    """A call in its tree, `depth` below the first one; `whole` is its cost with all below it, in micro-credits."""

    record: CallLine
    depth: int
    whole: int


def list_calls(
    *, scope: AccessibleOrganization, limit: int = 50, before: UUID | None = None, posting_id: UUID | None = None
) -> list[Call]:
    """The latest calls that the organization paid for, newest first; `before` is the id of the last one shown.

    With `posting_id` those that one entry of its account is for.
    """
    records = billing.list_call_records(
        payer_id=scope.organization.id, limit=limit, before=before, posting_id=posting_id
    )
    return _join(scope.organization, records)


def list_received_calls(
    *, scope: AccessibleOrganization, limit: int = 50, before: UUID | None = None, posting_id: UUID | None = None
) -> list[Call]:
    """The latest calls of the organization's own algorithms, whoever paid; else as list_calls."""
    records = billing.list_call_records(
        author_id=scope.organization.id, limit=limit, before=before, posting_id=posting_id
    )
    return _join(scope.organization, records)


def get_call(*, scope: AccessibleOrganization, call_id: UUID) -> Call:
    """A call that the organization paid for or received. Raises NotFound."""
    record = billing.get_call_record(call_id=call_id)
    if record is None or scope.organization.id not in {record.payer_id, record.author_id}:
        raise NotFound("There is no such call, or it is not recorded yet: look again in a moment.")
    return _join(scope.organization, [record])[0]


def list_tree(*, scope: AccessibleOrganization, call: Call) -> list[TreeNode]:
    """The tree that the call is in, from its first call down, for who pays for it; empty for a call that stands alone.

    Of a tree with very many calls the first MOST_NODES.
    """
    if call.payer is None:
        return []
    root_id, payer_id = call.record.root_id, scope.organization.id
    below = billing.list_call_tree(root_id=root_id, payer_id=payer_id, limit=MOST_NODES)
    if not below:
        return []
    root = billing.get_call_record(call_id=root_id)
    children: dict[UUID | None, list[CallLine]] = {}
    for record in below:
        children.setdefault(record.parent_id, []).append(record)
    roots = [root] if root is not None else children.pop(root_id, [])
    return [node for one in roots for node in _walk(one, children, 0)]


def _walk(record: CallLine, children: dict[UUID | None, list[CallLine]], depth: int) -> list[TreeNode]:
    below = [node for child in children.get(record.call_id, ()) for node in _walk(child, children, depth + 1)]
    whole = record.cost + sum(node.record.cost for node in below)
    return [TreeNode(record, depth, whole), *below]


def get_statistics(*, algorithm: Algorithm) -> AlgorithmMeasures:
    """How often the algorithm was called in the last 30 days, and how long a call takes."""
    return list_statistics(algorithms=[algorithm])[algorithm.id]


def list_statistics(*, algorithms: Sequence[Algorithm]) -> dict[UUID, AlgorithmMeasures]:
    """The same for many, in one query, by the algorithm's id; at most a minute old."""
    known: dict[str, AlgorithmMeasures] = cache.get_many([_cache_key(algorithm) for algorithm in algorithms])
    missing = [algorithm for algorithm in algorithms if _cache_key(algorithm) not in known]
    if missing:
        measured = _measure(missing)
        cache.set_many(measured, STATISTICS_CACHE_SECONDS)
        known |= measured
    return {algorithm.id: known[_cache_key(algorithm)] for algorithm in algorithms}


def list_days(*, algorithm: Algorithm) -> list[DayOfCalls]:
    """The algorithm's calls on each of the last 30 days, today last."""
    return billing.count_calls_by_day(
        author_id=algorithm.organization_id,
        algorithm=algorithm.full_name,
        days=STATISTICS_WINDOW.days,
        today=_today(),
    )


def list_spending_days(*, scope: AccessibleOrganization) -> list[DayTotals]:
    """The calls that the organization paid for on each of the last 30 days, today last."""
    payer = scope.organization.id
    days = {"days": STATISTICS_WINDOW.days, "today": _today()}
    return _remember_if_slow(f"spending-days:{payer}", billing.summarize_calls_by_day, payer_id=payer, **days)


def list_received_days(*, scope: AccessibleOrganization) -> list[DayTotals]:
    """The calls of the organization's algorithms on each of the last 30 days, today last, whoever paid."""
    author = scope.organization.id
    days = {"days": STATISTICS_WINDOW.days, "today": _today()}
    return _remember_if_slow(f"received-days:{author}", billing.summarize_calls_by_day, author_id=author, **days)


def list_spans(*, scope: AccessibleOrganization, span: Span, length: timedelta, received: bool) -> list[SpanTotals]:
    """The calls that the organization paid for, or received, in each minute, hour or day since `length` ago."""
    whose = {"author_id" if received else "payer_id": scope.organization.id}
    window = {"span": span, "since": timezone.now() - length, "until": timezone.now()}
    return _remember_if_slow(
        f"spans:{span}:{received}:{scope.organization.id}", billing.summarize_spans, **whose, **window
    )


def list_spending(*, scope: AccessibleOrganization, limit: int) -> list[AlgorithmTotals]:
    """What the organization spent on each algorithm in the last 30 days, the dearest first."""
    payer = scope.organization.id
    window = {"since": timezone.now() - STATISTICS_WINDOW, "limit": limit}
    key = f"spending:{payer}:{limit}"
    return _remember_if_slow(key, billing.summarize_calls_by_algorithm, payer_id=payer, **window)


def list_earnings(*, scope: AccessibleOrganization, limit: int) -> list[AlgorithmEarnings]:
    """What each of the organization's algorithms earned in the last 30 days, the best first."""
    author = scope.organization.id
    window = {"since": timezone.now() - STATISTICS_WINDOW, "limit": limit}
    return _remember_if_slow(f"earnings:{author}:{limit}", billing.summarize_earnings, author_id=author, **window)


def find_last_uses(*, scope: AccessibleOrganization) -> dict[UUID, datetime]:
    """When each of the organization's keys made its latest call of the last 30 days, by the key's id."""
    payer, since = scope.organization.id, timezone.now() - STATISTICS_WINDOW
    return _remember_if_slow(f"last-uses:{payer}", billing.find_last_uses, payer_id=payer, since=since)


def summarize_key(*, scope: AccessibleOrganization, key: ApiKey, now: datetime) -> CallTotals:
    """What was called with the key, and below such calls, in this UTC month."""
    begun = now.astimezone(UTC).replace(day=1)
    return billing.summarize_calls(payer_id=scope.organization.id, key_id=key.pk, since=begun)


def count_calls() -> int:
    """Everybody's calls of the last 30 days; at most a minute old."""
    since = timezone.now() - STATISTICS_WINDOW
    return int(cache.get_or_set("statistics:calls", lambda: billing.count_calls(since=since), STATISTICS_CACHE_SECONDS))


def order_by_calls(algorithms: QuerySet[Algorithm]) -> QuerySet[Algorithm]:
    """The most called of the last 30 days first, then by latest change."""
    places = cache.get_or_set("statistics:places", _rank_algorithms, STATISTICS_CACHE_SECONDS)
    place = Func(
        Value(places, output_field=JSONField()),
        Concat("organization__slug", Value("/"), "name", output_field=TextField()),
        template="(%(expressions)s)::integer",
        arg_joiner=" -> ",  # finds a key by halving: an array would be read from end to end for each row
        output_field=IntegerField(),
    )
    return algorithms.alias(place=place).order_by(F("place").asc(nulls_last=True), "-updated_at", "name")


def _remember_if_slow(key: str, count: Callable[..., T], **arguments: Any) -> T:
    """What `count` says: right now where that is quick, at most a minute old for those with very many calls."""
    known: T | None = cache.get(f"statistics:{key}")
    if known is not None:
        return known
    began = time.monotonic()
    counted = count(**arguments)
    if time.monotonic() - began > SLOW_SECONDS:
        cache.set(f"statistics:{key}", counted, STATISTICS_CACHE_SECONDS)
    return counted


def _today() -> date:
    return timezone.now().astimezone(UTC).date()


def _rank_algorithms() -> dict[str, int]:
    since = timezone.now() - STATISTICS_WINDOW
    ranked = billing.rank_algorithms(since=since, limit=RANKED_ALGORITHMS)
    return {name: place for place, (name, _) in enumerate(ranked)}


def _measure(algorithms: Sequence[Algorithm]) -> dict[str, AlgorithmMeasures]:
    measured = billing.measure_algorithms(
        author_ids={algorithm.organization_id for algorithm in algorithms},
        algorithms=[algorithm.full_name for algorithm in algorithms],
        since=timezone.now() - STATISTICS_WINDOW,
    )
    return {_cache_key(algorithm): measured.get(algorithm.full_name, NO_CALLS) for algorithm in algorithms}


def _cache_key(algorithm: Algorithm) -> str:
    return f"statistics:{algorithm.id}"


def _join(organization: Organization, records: Sequence[CallLine]) -> list[Call]:
    paid = [record for record in records if record.payer_id == organization.id]
    keys = ApiKey.objects.filter(pk__in={record.key_id for record in paid if record.key_id}, organization=organization)
    names = dict(keys.values_list("pk", "name"))
    return [
        Call(record, organization.slug, names.get(record.key_id))
        if record.payer_id == organization.id
        else Call(record, None, None)
        for record in records
    ]
