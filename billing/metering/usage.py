"""Reading the sums of calls: what pages show of days, algorithms, keys and members, however many calls there were."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal

from django.db.models import F, Max, QuerySet, Sum

from billing.metering.models import Usage, UsageDay, UsageHour, UsageMinute

COST = Sum(F("compute_charge") + F("royalty_charge"))
SUMS = {
    "all_calls": Sum("calls"),
    "all_failed": Sum("failed"),
    "all_cost": COST,
    "all_run_us": Sum("run_us"),
    "all_cpu_us": Sum("cpu_us"),
    "all_memory": Sum("memory_byte_seconds"),
    "all_compute": Sum("compute_charge"),
    "all_royalty": Sum("royalty_charge"),
    "all_earned": Sum("author_share"),
}

Dimension = Literal["algorithm", "version", "key", "member"]
COLUMNS: Mapping[Dimension, tuple[str, ...]] = {
    "algorithm": ("algorithm",),
    "version": ("algorithm", "version"),
    "key": ("key_id",),
    "member": ("member_id",),
}
Span = Literal["minute", "hour", "day"]
TABLES: Mapping[Span, type[Usage]] = {"minute": UsageMinute, "hour": UsageHour, "day": UsageDay}
LENGTHS: Mapping[Span, timedelta] = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
}


@dataclass(frozen=True, kw_only=True)
class CallTotals:
    """Sums over calls. Times are microseconds, memory byte-seconds, money micro-credits."""

    calls: int = 0
    failed: int = 0
    cost: int = 0
    """What the payers paid: compute and royalty."""
    run_us: int = 0
    cpu_us: int = 0
    memory: int = 0
    compute: int = 0
    royalty: int = 0
    earned: int = 0
    """The authors' share of the royalty."""


NO_CALLS = CallTotals()


@dataclass(frozen=True, kw_only=True)
class DayTotals:
    """The totals of one UTC day."""

    day: date
    totals: CallTotals


@dataclass(frozen=True, kw_only=True)
class SpanTotals:
    """The totals of the minute, hour or day that starts then."""

    starts_at: datetime
    totals: CallTotals


@dataclass(frozen=True, kw_only=True)
class AlgorithmTotals:
    """The totals of one algorithm, `owner/name`."""

    algorithm: str
    totals: CallTotals


@dataclass(frozen=True, kw_only=True)
class UsageLine:
    """The totals of one algorithm, version, key or member; what `by` names identifies it."""

    identity: tuple[Any, ...]
    """The columns of the dimension: `(owner/name,)`, `(owner/name, version)`, `(key id,)`, `(user id,)`."""
    totals: CallTotals


@dataclass(frozen=True, kw_only=True)
class AlgorithmEarnings:
    """What one algorithm earned for its author, in micro-credits, by how many calls that owed a royalty."""

    algorithm: str
    calls: int
    earned: int


def summarize_calls(
    *,
    payer_id: uuid.UUID | None = None,
    author_id: uuid.UUID | None = None,
    key_id: uuid.UUID | None = None,
    since: datetime,
) -> CallTotals:
    """The totals of the organization's calls, or of its key's, that started on the UTC day of `since` or later."""
    found = _from_day(filter_by_organization(UsageDay, payer_id=payer_id, author_id=author_id), since)
    if key_id is not None:
        found = found.filter(key_id=key_id)
    return _to_totals(found.aggregate(**SUMS))


def summarize_calls_by_day(
    *, payer_id: uuid.UUID | None = None, author_id: uuid.UUID | None = None, days: int, today: date
) -> list[DayTotals]:
    """One line per UTC day, oldest first, for the `days` days that end with today; days without calls are zero."""
    return _fill_days(filter_by_organization(UsageDay, payer_id=payer_id, author_id=author_id), days, today)


def summarize_platform_by_day(*, days: int, today: date) -> list[DayTotals]:
    """The same over the calls of everybody, for who runs the platform."""
    return _fill_days(UsageDay.objects.all(), days, today)


def summarize_spans(
    *,
    span: Span,
    payer_id: uuid.UUID | None = None,
    author_id: uuid.UUID | None = None,
    since: datetime,
    until: datetime,
) -> list[SpanTotals]:
    """One line for each UTC minute, hour or day from that of `since` to that before `until`, oldest first.

    Those without calls are zero.
    """
    found = filter_by_organization(TABLES[span], payer_id=payer_id, author_id=author_id)
    return _fill_spans(found, span, start_of(span, since), until)


def summarize_calls_by_algorithm(
    *, payer_id: uuid.UUID | None = None, author_id: uuid.UUID | None = None, since: datetime, limit: int
) -> list[AlgorithmTotals]:
    """The totals of each algorithm called on the UTC day of `since` or later, the dearest first."""
    lines = summarize_usage(payer_id=payer_id, author_id=author_id, by="algorithm", since=since, limit=limit)
    return [AlgorithmTotals(algorithm=line.identity[0], totals=line.totals) for line in lines]


def summarize_usage(
    *,
    by: Dimension,
    payer_id: uuid.UUID | None = None,
    author_id: uuid.UUID | None = None,
    since: datetime,
    until: datetime | None = None,
    limit: int,
    span: Span = "day",
) -> list[UsageLine]:
    """The totals by a dimension, from the UTC minute, hour or day of `since` up to `until`, the dearest first."""
    sums = filter_by_organization(TABLES[span], payer_id=payer_id, author_id=author_id)
    found = sums.filter(starts_at__gte=start_of(span, since))
    if until is not None:
        found = found.filter(starts_at__lt=until)
    columns = COLUMNS[by]
    rows = found.values(*columns).annotate(**SUMS).order_by("-all_cost", "-all_calls", *columns)[:limit]
    return [UsageLine(identity=tuple(row[name] for name in columns), totals=_to_totals(row)) for row in rows]


def find_last_uses(*, payer_id: uuid.UUID, since: datetime) -> dict[uuid.UUID, datetime]:
    """When each of the payer's keys made its latest call, by the key's id; one without calls since then is left out."""
    found = _from_day(filter_by_organization(UsageDay, payer_id=payer_id), since)
    found = found.filter(latest_at__gte=since, key_id__isnull=False)
    return dict(found.values_list("key_id").annotate(latest=Max("latest_at")))


def summarize_earnings(*, author_id: uuid.UUID, since: datetime, limit: int) -> list[AlgorithmEarnings]:
    """What each of the author's algorithms earned on the UTC day of `since` or later, the best first."""
    found = _from_day(filter_by_organization(UsageDay, author_id=author_id), since).values("algorithm")
    rows = found.annotate(paid=Sum("royalty_calls"), earned=Sum("author_share")).filter(paid__gt=0)
    return [
        AlgorithmEarnings(algorithm=row["algorithm"], calls=int(row["paid"]), earned=int(row["earned"]))
        for row in rows.order_by("-earned", "algorithm")[:limit]
    ]


def start_of(span: Span, moment: datetime) -> datetime:
    """When the UTC minute, hour or day of that moment began."""
    return moment - (moment - datetime.min.replace(tzinfo=UTC)) % LENGTHS[span]


def _from_day(found: QuerySet[Any], since: datetime) -> QuerySet[Any]:
    return found.filter(starts_at__gte=datetime.combine(since.astimezone(UTC).date(), time.min, tzinfo=UTC))


def _fill_days(found: QuerySet[Any], days: int, today: date) -> list[DayTotals]:
    first = datetime.combine(today - timedelta(days=days - 1), time.min, tzinfo=UTC)
    spans = _fill_spans(found, "day", first, first + timedelta(days=days))
    return [DayTotals(day=span.starts_at.date(), totals=span.totals) for span in spans]


def _fill_spans(found: QuerySet[Any], span: Span, first: datetime, until: datetime) -> list[SpanTotals]:
    """Every span from the one that starts `first`; those without calls are zero."""
    rows = found.filter(starts_at__gte=first, starts_at__lt=until).values("starts_at").annotate(**SUMS)
    known = {row["starts_at"]: _to_totals(row) for row in rows}
    starts = (first + number * LENGTHS[span] for number in range(-((first - until) // LENGTHS[span])))
    return [SpanTotals(starts_at=start, totals=known.get(start, NO_CALLS)) for start in starts]


def filter_by_organization(
    table: type[Any], *, payer_id: uuid.UUID | None = None, author_id: uuid.UUID | None = None
) -> QuerySet[Any]:
    """The sums, or records, of an organization. Without one it would be everybody's: a mistake, refused."""
    if payer_id is None and author_id is None:
        raise TypeError("Name the organization whose calls are wanted: payer_id or author_id.")
    found: QuerySet[Any] = table._default_manager.all()
    if payer_id is not None:
        found = found.filter(payer_id=payer_id)
    if author_id is not None:
        found = found.filter(author_id=author_id)
    return found


def _to_totals(row: Mapping[str, object]) -> CallTotals:
    return CallTotals(**{name.removeprefix("all_"): int(str(row[name] or 0)) for name in SUMS})
