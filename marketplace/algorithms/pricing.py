"""What authors ask for calls: set with a version, changed only by announcing it ahead of time."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from billing import api as billing
from billing.api import PriceTerms
from billing.errors import PriceConflict
from marketplace.accounts.models import User
from marketplace.algorithms.locks import lock_algorithm
from marketplace.algorithms.models import Version
from marketplace.algorithms.publication import publish_algorithms_now
from marketplace.audit.services import record
from marketplace.errors import Conflict, InvalidInput
from marketplace.organizations.permissions import check_can_publish
from marketplace.organizations.selectors import get_accessible_organization

LARGEST_ROYALTY = 1_000_000 * billing.CREDIT
LARGEST_FREE_CALLS = 1_000_000_000


@dataclass(frozen=True, kw_only=True)
class AuthorPrice:
    """The author's part of a price, in micro-credits; the platform's is for compute, by the class of environment."""

    royalty_per_call: int = 0
    royalty_per_second: int = 0
    free_calls_per_month: int = 0
    """Free of royalty for each organization that calls, in each UTC month."""
    free_to_owner: bool = False
    """Whether the organization that owns the algorithm owes no royalty."""


def set_first_price(version: Version, price: AuthorPrice) -> None:
    """What a version just published costs from its first call on. Raises InvalidInput."""
    _check(price)
    billing.set_price(
        version_id=version.id,
        compute_per_second=billing.default_compute_per_second(version.environment),
        effective_at=version.published_at,
        **asdict(price),
    )


@transaction.atomic
def announce_price(
    *, version: Version, price: AuthorPrice, by: User, effective_at: datetime | None = None
) -> PriceTerms:
    """Announces another price for a version, from `effective_at` on, by default as soon as it may be.

    One by which some caller pays more takes effect PRICE_NOTICE_DAYS later at the earliest; the compute price stays.
    Raises NotFound, PermissionDenied, InvalidInput, Conflict (another price takes effect then or later).
    """
    algorithm = version.algorithm
    check_can_publish(get_accessible_organization(user=by, slug=algorithm.organization.slug))
    _check(price)
    lock_algorithm(algorithm.pk)
    now = timezone.now()
    current = next(iter(billing.list_prices(version.id)), None) or billing.get_price(version.id, now)
    terms = PriceTerms(current.compute_per_second, effective_at=None, **asdict(price))
    earliest = now + timedelta(days=settings.PRICE_NOTICE_DAYS) if terms.is_dearer_than(current) else now
    starts_at = effective_at or earliest
    if starts_at < earliest:
        raise InvalidInput("effective_at", f"This price may take effect from {earliest:%Y-%m-%d %H:%M} UTC on.")
    try:
        billing.set_price(
            version_id=version.id,
            compute_per_second=current.compute_per_second,
            effective_at=starts_at,
            **asdict(price),
        )
    except PriceConflict as conflict:
        raise Conflict(str(conflict)) from None
    _audit(by, version, price, starts_at)
    transaction.on_commit(lambda: publish_algorithms_now([algorithm.id]), robust=True)
    return billing.list_prices(version.id)[0]


def _check(price: AuthorPrice) -> None:
    for name in ("royalty_per_call", "royalty_per_second"):
        if not 0 <= getattr(price, name) <= LARGEST_ROYALTY:
            raise InvalidInput(name, f"A royalty is from 0 to {LARGEST_ROYALTY:,} micro-credits.")
    if not 0 <= price.free_calls_per_month <= LARGEST_FREE_CALLS:
        raise InvalidInput("free_calls_per_month", f"Free calls are from 0 to {LARGEST_FREE_CALLS:,} a month.")


def _audit(by: User, version: Version, price: AuthorPrice, starts_at: datetime) -> None:
    record(
        actor=by,
        organization_id=version.algorithm.organization_id,
        action="price.announce",
        subject_label=str(version),
        subject_id=version.pk,
        details={**asdict(price), "effective_at": starts_at.isoformat()},
    )
