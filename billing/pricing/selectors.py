"""Reading prices."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import datetime

from django.db import connection

from billing.pricing.models import Price
from billing.pricing.rating import DEFAULT_COMPUTE_PER_SECOND, DEFAULT_ROYALTY_PER_CALL


@dataclass(frozen=True)
class PriceTerms:
    """What calls of a version cost, in micro-credits. `effective_at` is None for the platform's default price."""

    compute_per_second: int
    royalty_per_call: int
    effective_at: datetime | None
    royalty_per_second: int = 0
    free_calls_per_month: int = 0
    free_to_owner: bool = False

    def is_dearer_than(self, other: "PriceTerms") -> bool:
        """Whether some caller pays more than by the other terms."""
        return (
            self.compute_per_second > other.compute_per_second
            or self.royalty_per_call > other.royalty_per_call
            or self.royalty_per_second > other.royalty_per_second
            or self.free_calls_per_month < other.free_calls_per_month
            or (other.free_to_owner and not self.free_to_owner)
        )


@dataclass(frozen=True)
class PriceSchedule:
    """The terms in force, and those announced for later, the next first."""

    now: PriceTerms
    later: tuple[PriceTerms, ...] = ()


COLUMNS = tuple(field.name for field in fields(PriceTerms))
# One array instead of thousands of parameters: the directory asks for all versions at once.
PRICES_FROM = f"""
SELECT version_id, effective_at > %(at)s, {", ".join(COLUMNS)} FROM pricing_price price
WHERE version_id = ANY (%(versions)s) AND effective_at >= coalesce((
    SELECT max(effective_at) FROM pricing_price earlier
    WHERE earlier.version_id = price.version_id AND effective_at <= %(at)s
), '-infinity')
ORDER BY version_id, effective_at
"""  # noqa: S608 (only constants are put in)
DEFAULT_PRICE = PriceTerms(DEFAULT_COMPUTE_PER_SECOND["cpu"], DEFAULT_ROYALTY_PER_CALL, None)


def get_price(version_id: uuid.UUID, at: datetime) -> PriceTerms:
    """The price in force at that moment; the platform's default if none was set by then."""
    return get_price_schedules([version_id], at)[version_id].now


def get_prices(version_ids: Collection[uuid.UUID], at: datetime) -> dict[uuid.UUID, PriceTerms]:
    """The prices in force at that moment of many versions, in one query, by version."""
    return {version_id: schedule.now for version_id, schedule in get_price_schedules(version_ids, at).items()}


def get_price_schedules(version_ids: Collection[uuid.UUID], at: datetime) -> dict[uuid.UUID, PriceSchedule]:
    """The prices in force at that moment, and those to come, of many versions, in one query, by version."""
    now: dict[uuid.UUID, PriceTerms] = {}
    later: dict[uuid.UUID, list[PriceTerms]] = {}
    with connection.cursor() as cursor:
        cursor.execute(PRICES_FROM, {"versions": list(version_ids), "at": at})
        for version_id, is_later, *terms in cursor.fetchall():
            if is_later:
                later.setdefault(version_id, []).append(PriceTerms(*terms))
            else:
                now[version_id] = PriceTerms(*terms)
    return {
        version_id: PriceSchedule(now.get(version_id, DEFAULT_PRICE), tuple(later.get(version_id, ())))
        for version_id in version_ids
    }


def list_prices(version_id: uuid.UUID) -> list[PriceTerms]:
    """Every price announced for the version, those to come included, newest first."""
    prices = Price.objects.filter(version_id=version_id).order_by("-effective_at")
    return [PriceTerms(*terms) for terms in prices.values_list(*COLUMNS)]
