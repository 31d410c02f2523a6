"""Reading prices."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from billing.pricing.models import Price
from billing.pricing.rating import DEFAULT_COMPUTE_PER_SECOND, DEFAULT_ROYALTY_PER_CALL

# One array instead of thousands of parameters: the directory asks for all versions at once.
PRICES_IN_FORCE = """
SELECT DISTINCT ON (version_id) version_id, compute_per_second, royalty_per_call, effective_at
FROM pricing_price WHERE version_id = ANY (%(versions)s) AND effective_at <= %(at)s
ORDER BY version_id, effective_at DESC
"""


@dataclass(frozen=True)
class PriceTerms:
    """What calls of a version cost, in micro-credits. `effective_at` is None for the platform's default price."""

    compute_per_second: int
    royalty_per_call: int
    effective_at: datetime | None


DEFAULT_PRICE = PriceTerms(DEFAULT_COMPUTE_PER_SECOND, DEFAULT_ROYALTY_PER_CALL, None)


def get_price(version_id: uuid.UUID, at: datetime) -> PriceTerms:
    """The price in force at that moment; the platform's default if none was set by then."""
    prices = Price.objects.filter(version_id=version_id, effective_at__lte=at)
    found = prices.order_by("-effective_at").first()
    return _to_terms(found) if found else DEFAULT_PRICE


def get_prices(version_ids: Collection[uuid.UUID], at: datetime) -> dict[uuid.UUID, PriceTerms]:
    """The prices in force at that moment of many versions, in one query, by version."""
    with connection.cursor() as cursor:
        cursor.execute(PRICES_IN_FORCE, {"versions": list(version_ids), "at": at})
        found = {version_id: PriceTerms(*terms) for version_id, *terms in cursor.fetchall()}
    return {version_id: found.get(version_id, DEFAULT_PRICE) for version_id in version_ids}


def list_prices(version_id: uuid.UUID) -> list[PriceTerms]:
    """Every price announced for the version, those to come included, newest first."""
    return [_to_terms(price) for price in Price.objects.filter(version_id=version_id).order_by("-effective_at")]


def _to_terms(price: Price) -> PriceTerms:
    return PriceTerms(price.compute_per_second, price.royalty_per_call, price.effective_at)
