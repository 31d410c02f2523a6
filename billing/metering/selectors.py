"""Reading the call records: single calls, pages of them, and trees."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta

from django.db.models import F, Q, QuerySet

from billing.ledger.models import LedgerTransaction
from billing.metering.models import CallRecord
from billing.metering.usage import filter_by_organization

TIMED_VERSION = 7
CLOCK_SLACK = timedelta(minutes=1)
LONGEST_ARRIVAL = timedelta(days=1)
"""How long after its id was made a call may start: its input arrives meanwhile."""
LONGEST_UNPOSTED = timedelta(days=2)
"""How long after its start a call is posted at the latest."""


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
    member_id: int | None
    memory_byte_seconds: int
    gpu_memory_byte_seconds: int
    compute_per_second: int
    royalty_per_call: int
    royalty_per_second: int
    waiver: str | None

    @property
    def cost(self) -> int:
        """What the payer paid, in micro-credits."""
        return self.compute_charge + self.royalty_charge


COLUMNS = tuple(field.name for field in fields(CallLine))


def get_call_record(call_id: uuid.UUID) -> CallLine | None:
    """The call, or None while it is not recorded. Whoever shows it checks that the payer or author is looking."""
    records = CallRecord.objects.filter(call_id=call_id).values(*COLUMNS)
    # An id of version 7 says when it was made: one or two partitions instead of hundreds.
    made_at = _read_time(call_id)
    near = records.filter(started_at__range=(made_at - CLOCK_SLACK, made_at + LONGEST_ARRIVAL)) if made_at else records
    found = near.first() or (records.first() if made_at else None)
    return CallLine(**found) if found else None


def find_recorded_calls(call_ids: Collection[uuid.UUID], *, since: datetime) -> set[uuid.UUID]:
    """Those of the calls that are recorded, if they began after `since`: in one query of the partitions since then."""
    records = CallRecord.objects.filter(call_id__in=call_ids, started_at__gte=since)
    return set(records.values_list("call_id", flat=True))


def list_call_tree(*, root_id: uuid.UUID, payer_id: uuid.UUID, limit: int) -> list[CallLine]:
    """The calls below that first call, oldest first, without itself: who pays for it pays for all of them."""
    below = CallRecord.objects.filter(root_id=root_id, payer_id=payer_id).exclude(root_id=F("call_id"))
    return [CallLine(**row) for row in below.order_by("started_at", "call_id").values(*COLUMNS)[:limit]]


def list_call_records(
    *,
    payer_id: uuid.UUID | None = None,
    author_id: uuid.UUID | None = None,
    root_id: uuid.UUID | None = None,
    posting_id: uuid.UUID | None = None,
    limit: int,
    before: uuid.UUID | None = None,
) -> list[CallLine]:
    """The latest calls that the organization paid for, or received as author, newest first.

    Of one tree with `root_id`, and with `posting_id` those that one transaction of the ledger charged.
    `before` is the call id of the last line of the page before; an unknown one gives an empty page.
    """
    records = filter_by_organization(CallRecord, payer_id=payer_id, author_id=author_id)
    if root_id is not None:
        records = records.filter(root_id=root_id)
    if posting_id is not None:
        records = _filter_by_posting(records, posting_id)
    if before is not None:
        last = get_call_record(call_id=before)
        if last is None:
            return []
        earlier = Q(started_at__lt=last.started_at) | Q(started_at=last.started_at, call_id__lt=last.call_id)
        records = records.filter(earlier, started_at__lte=last.started_at)
    rows = records.order_by("-started_at", "-call_id").values(*COLUMNS)[:limit]
    return [CallLine(**row) for row in rows]


def _filter_by_posting(records: QuerySet[CallRecord], posting_id: uuid.UUID) -> QuerySet[CallRecord]:
    """By the posting's time, which is that of its records, so that an index of a few pages finds them."""
    posting = LedgerTransaction.objects.filter(pk=posting_id).first()
    if posting is None:
        return records.none()
    started = (posting.posted_at - LONGEST_UNPOSTED, posting.posted_at + CLOCK_SLACK)
    return records.filter(posting_id=posting_id, recorded_at=posting.posted_at, started_at__range=started)


def _read_time(call_id: uuid.UUID) -> datetime | None:
    if call_id.version != TIMED_VERSION:
        return None
    return datetime.fromtimestamp((call_id.int >> 80) / 1000, tz=UTC)
