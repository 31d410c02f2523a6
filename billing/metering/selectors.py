"""Reading the call records: single calls, pages of them, and totals."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta

from django.db import connection
from django.db.models import Count, F, Max, Q, QuerySet, Sum
from django.db.models.functions import TruncDay

from billing.metering.models import CallRecord

CALLS = Count("call_id")
FAILED = Count("call_id", filter=~Q(outcome="ok"))
COST = Sum(F("compute_charge") + F("royalty_charge"))
RAN = Sum("run_us")

EARNINGS = """
SELECT record.algorithm, count(*), sum(entry.credit)
FROM metering_call_record record
JOIN ledger_entry entry ON entry.transaction_id = record.call_id
JOIN ledger_account account ON account.id = entry.account_id
WHERE record.author_id = %(author)s AND record.started_at >= %(since)s AND record.royalty_charge > 0
    AND account.kind = 'author' AND account.organization_id = %(author)s
GROUP BY record.algorithm ORDER BY 3 DESC, 1 LIMIT %(limit)s
"""


@dataclass(frozen=True, kw_only=True)
class CallLine:
    """One call as it was recorded. Times are microseconds, sizes bytes, money micro-credits."""

    call_id: uuid.UUID
    started_at: datetime
    root_id: uuid.UUID
    parent_id: uuid.UUID | None
    payer_id: uuid.UUID
    author_id: uuid.UUID
    key_id: uuid.UUID | None
    algorithm: str
    version_id: uuid.UUID
    version: str
    environment: str
    queue_us: int
    load_us: int
    run_us: int
    cpu_us: int
    peak_memory_bytes: int
    bytes_in: int
    bytes_out: int
    cold: bool
    outcome: str
    error_type: str | None
    compute_charge: int
    royalty_charge: int
    recorded_at: datetime

    @property
    def cost(self) -> int:
        """What the payer paid, in micro-credits."""
        return self.compute_charge + self.royalty_charge


COLUMNS = tuple(field.name for field in fields(CallLine))


@dataclass(frozen=True, kw_only=True)
class CallTotals:
    """Sums over calls: how many, how many of them failed, and what they cost and ran."""

    calls: int
    failed: int
    cost: int
    run_us: int


NO_CALLS = CallTotals(calls=0, failed=0, cost=0, run_us=0)


@dataclass(frozen=True, kw_only=True)
class DayTotals:
    """The totals of one UTC day."""

    day: date
    totals: CallTotals


@dataclass(frozen=True, kw_only=True)
class AlgorithmTotals:
    """The totals of one algorithm, `owner/name`."""

    algorithm: str
    totals: CallTotals


@dataclass(frozen=True, kw_only=True)
class AlgorithmEarnings:
    """What one algorithm earned for its author, in micro-credits, by how many paid calls."""

    algorithm: str
    calls: int
    earned: int


def get_call_record(call_id: uuid.UUID) -> CallLine | None:
    """The call, or None while it is not recorded. Whoever shows it checks that the payer or author is looking."""
    found = CallRecord.objects.filter(call_id=call_id).values(*COLUMNS).first()
    return CallLine(**found) if found else None


def list_call_records(
    *,
    payer_id: uuid.UUID | None = None,
    author_id: uuid.UUID | None = None,
    root_id: uuid.UUID | None = None,
    limit: int,
    before: uuid.UUID | None = None,
) -> list[CallLine]:
    """The latest calls that the organization paid for, or received as author, newest first.

    `before` is the call id of the last line of the page before; an unknown one gives an empty page.
    """
    records = _filter(payer_id=payer_id, author_id=author_id)
    if root_id is not None:
        records = records.filter(root_id=root_id)
    if before is not None:
        last = get_call_record(call_id=before)
        if last is None:
            return []
        earlier = Q(started_at__lt=last.started_at) | Q(started_at=last.started_at, call_id__lt=last.call_id)
        records = records.filter(earlier, started_at__lte=last.started_at)
    rows = records.order_by("-started_at", "-call_id").values(*COLUMNS)[:limit]
    return [CallLine(**row) for row in rows]


def summarize_calls(
    *, payer_id: uuid.UUID | None = None, author_id: uuid.UUID | None = None, since: datetime
) -> CallTotals:
    """The totals of the organization's calls that started at `since` or later."""
    records = _filter(payer_id=payer_id, author_id=author_id).filter(started_at__gte=since)
    return _to_totals(records.aggregate(calls=CALLS, failed=FAILED, cost=COST, ran=RAN))


def summarize_calls_by_day(
    *, payer_id: uuid.UUID | None = None, author_id: uuid.UUID | None = None, days: int, today: date
) -> list[DayTotals]:
    """One line per UTC day, oldest first, for the `days` days that end with today; days without calls are zero."""
    first = today - timedelta(days=days - 1)
    since = datetime.combine(first, time.min, tzinfo=UTC)
    records = _filter(payer_id=payer_id, author_id=author_id).filter(started_at__gte=since)
    rows = (
        records.annotate(day=TruncDay("started_at", tzinfo=UTC))
        .values("day")
        .annotate(calls=CALLS, failed=FAILED, cost=COST, ran=RAN)
        .order_by("day")
    )
    found = {row["day"].date(): _to_totals(row) for row in rows}
    wanted = (first + timedelta(days=ahead) for ahead in range(days))
    return [DayTotals(day=day, totals=found.get(day, NO_CALLS)) for day in wanted]


def summarize_calls_by_algorithm(
    *, payer_id: uuid.UUID | None = None, author_id: uuid.UUID | None = None, since: datetime, limit: int
) -> list[AlgorithmTotals]:
    """The totals of each algorithm called at `since` or later, the dearest first."""
    records = _filter(payer_id=payer_id, author_id=author_id).filter(started_at__gte=since)
    rows = (
        records.values("algorithm")
        .annotate(calls=CALLS, failed=FAILED, cost=COST, ran=RAN)
        .order_by("-cost", "-calls", "algorithm")[:limit]
    )
    return [AlgorithmTotals(algorithm=row["algorithm"], totals=_to_totals(row)) for row in rows]


def find_last_uses(*, payer_id: uuid.UUID, since: datetime) -> dict[uuid.UUID, datetime]:
    """When each of the payer's keys made its latest call, by the key's id; one without calls since then is left out."""
    records = _filter(payer_id=payer_id).filter(started_at__gte=since, key_id__isnull=False)
    return dict(records.values_list("key_id").annotate(latest=Max("started_at")))


def summarize_earnings(*, author_id: uuid.UUID, since: datetime, limit: int) -> list[AlgorithmEarnings]:
    """What each of the author's algorithms earned by calls that started at `since` or later, the best first."""
    with connection.cursor() as cursor:
        cursor.execute(EARNINGS, {"author": author_id, "since": since, "limit": limit})
        rows = cursor.fetchall()
    return [AlgorithmEarnings(algorithm=name, calls=calls, earned=int(earned)) for name, calls, earned in rows]


def _filter(*, payer_id: uuid.UUID | None = None, author_id: uuid.UUID | None = None) -> QuerySet[CallRecord]:
    """The records of an organization. Without one it would be everybody's: a mistake, refused."""
    if payer_id is None and author_id is None:
        raise TypeError("Name the organization whose calls are wanted: payer_id or author_id.")
    records = CallRecord.objects.all()
    if payer_id is not None:
        records = records.filter(payer_id=payer_id)
    if author_id is not None:
        records = records.filter(author_id=author_id)
    return records


def _to_totals(row: Mapping[str, object]) -> CallTotals:
    numbers = {name: int(str(row[name] or 0)) for name in ("calls", "failed", "cost", "ran")}
    return CallTotals(calls=numbers["calls"], failed=numbers["failed"], cost=numbers["cost"], run_us=numbers["ran"])
