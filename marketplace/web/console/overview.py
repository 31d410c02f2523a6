"""The first page of an organization: its balance, its last 30 days, its latest calls, and what to do next."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from billing import api as billing
from billing.api import DayTotals
from marketplace.algorithms.selectors import list_owned_algorithms
from marketplace.invocations.selectors import list_calls, list_earnings, list_received_days, list_spending_days
from marketplace.organizations.permissions import can_create_key
from marketplace.organizations.selectors import AccessibleOrganization, list_api_keys
from marketplace.web.console.charts import make_chart, name_day
from marketplace.web.console.first_call import make_first_call
from marketplace.web.console.page import organization_page, render_page

CALLS_SHOWN = 8
MOST_EARNERS = 1000


@dataclass(frozen=True)
class Month:
    """The sums of 30 days."""

    calls: int
    failed: int
    cost: int


@dataclass(frozen=True)
class Progress:
    """How far a new organization is: the first thing that is not done is the next step."""

    has_key: bool
    has_called: bool
    has_algorithm: bool

    @property
    def next_step(self) -> str | None:
        """`key`, `call`, `publish`, or nothing more."""
        steps = {"key": self.has_key, "call": self.has_called, "publish": self.has_algorithm}
        return next((step for step, done in steps.items() if not done), None)


@require_GET
@organization_page
def overview(request: HttpRequest, scope: AccessibleOrganization) -> HttpResponse:
    """Everything at a glance."""
    days = list_spending_days(scope=scope)
    latest = list_calls(scope=scope, limit=CALLS_SHOWN)
    progress = _get_progress(scope, has_called=bool(latest))
    context = {
        "balance": billing.get_balance(scope.organization.id),
        "month": _add_up(days),
        "chart": make_chart([(name_day(day.day), day.totals.calls, day.totals.failed) for day in days]),
        "calls": latest,
        "progress": progress,
        "can_create_key": can_create_key(scope),
        "first_call": make_first_call() if progress.next_step == "call" else None,
    }
    if progress.has_algorithm:
        context["received"] = _add_up(list_received_days(scope=scope))
        context["earned"] = sum(line.earned for line in list_earnings(scope=scope, limit=MOST_EARNERS))
    return render_page(request, scope, "console/overview.html", "overview", context)


def _get_progress(scope: AccessibleOrganization, *, has_called: bool) -> Progress:
    return Progress(
        has_key=list_api_keys(scope=scope).filter(revoked_at=None).exists(),
        has_called=has_called,
        has_algorithm=list_owned_algorithms(scope=scope).exists(),
    )


def _add_up(days: Sequence[DayTotals]) -> Month:
    totals = [day.totals for day in days]
    return Month(
        calls=sum(day.calls for day in totals),
        failed=sum(day.failed for day in totals),
        cost=sum(day.cost for day in totals),
    )
