"""Announcing prices."""

import uuid
from datetime import datetime

from django.db import connection, transaction

from billing.errors import PriceConflict
from billing.pricing.models import Price


@transaction.atomic
def set_price(
    *,
    version_id: uuid.UUID,
    compute_per_second: int,
    royalty_per_call: int,
    effective_at: datetime,
    royalty_per_second: int = 0,
    free_calls_per_month: int = 0,
    free_to_owner: bool = False,
) -> None:
    """Announces what calls of the version cost from `effective_at` on, in micro-credits. Repeating is harmless.

    Raises PriceConflict when another price of the version takes effect then or later: what was announced stands.
    """
    terms = {
        "compute_per_second": compute_per_second,
        "royalty_per_call": royalty_per_call,
        "effective_at": effective_at,
        "royalty_per_second": royalty_per_second,
        "free_calls_per_month": free_calls_per_month,
        "free_to_owner": free_to_owner,
    }
    with connection.cursor() as cursor:  # two announcements for one version take turns
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"pricing:{version_id}"])
    latest = Price.objects.filter(version_id=version_id).order_by("-effective_at").first()
    if latest is not None and latest.effective_at >= effective_at:
        if all(getattr(latest, name) == value for name, value in terms.items()):
            return
        raise PriceConflict(
            f"This version has a price from {latest.effective_at:%Y-%m-%d %H:%M} on: choose a later day."
        )
    Price.objects.create(version_id=version_id, **terms)
