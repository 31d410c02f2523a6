"""What a call will cost, before it is made."""

from dataclasses import dataclass
from datetime import datetime

from billing import api as billing
from billing.api import Charge, PriceTerms
from marketplace.algorithms.models import Algorithm, Version
from marketplace.invocations.selectors import get_statistics
from marketplace.organizations.selectors import AccessibleOrganization


@dataclass(frozen=True)
class Quote:
    """The price of a call that runs `run_us` microseconds, in micro-credits, by the terms in force."""

    version: Version
    terms: PriceTerms
    next_terms: PriceTerms | None
    """The next price that is announced."""
    run_us: int | None
    """As asked; else the median of the algorithm's calls of the last 30 days; None before the first."""
    charge: Charge | None
    waiver: str | None
    """Why no royalty is owed: `owner`, or `free_call`."""
    free_calls_left: int | None
    """This month; None where there are none."""

    @property
    def cost(self) -> int | None:
        return self.charge.compute + self.charge.royalty if self.charge else None


def quote_call(
    *, scope: AccessibleOrganization, algorithm: Algorithm, version: Version, run_us: int | None, at: datetime
) -> Quote:
    """What a call of the version by that organization costs, by the same arithmetic that charges it."""
    schedule = billing.get_price_schedules([version.id], at)[version.id]
    left = _count_free_calls_left(scope, algorithm, schedule.now, at)
    owner = schedule.now.free_to_owner and scope.organization.id == algorithm.organization_id
    waiver = "owner" if owner else "free_call" if left else None
    run_us = run_us if run_us is not None else get_statistics(algorithm=algorithm).median_run_us
    return Quote(
        version=version,
        terms=schedule.now,
        next_terms=next(iter(schedule.later), None),
        run_us=run_us,
        charge=None if run_us is None else _rate(schedule.now, run_us, waived=waiver is not None),
        waiver=waiver,
        free_calls_left=left,
    )


def _count_free_calls_left(
    scope: AccessibleOrganization, algorithm: Algorithm, terms: PriceTerms, at: datetime
) -> int | None:
    if not terms.free_calls_per_month:
        return None
    used = billing.count_free_calls(
        payer_id=str(scope.organization.id), algorithm_id=str(algorithm.id), moment=at.timestamp()
    )
    return max(0, terms.free_calls_per_month - used)


def _rate(terms: PriceTerms, run_us: int, *, waived: bool) -> Charge:
    return billing.rate(
        price_compute_per_second=terms.compute_per_second,
        price_royalty_per_call=terms.royalty_per_call,
        price_royalty_per_second=terms.royalty_per_second,
        run_us=run_us,
        outcome="ok",
        royalty_waived=waived,
    )
