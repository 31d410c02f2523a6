"""Money: what can be spent, what was spent and earned, and every entry of the ledger."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from billing import api as billing
from billing.api import CREDIT
from marketplace.invocations.selectors import list_earnings, list_spending, list_spending_days
from marketplace.organizations.permissions import can_manage_payments
from marketplace.organizations.selectors import AccessibleOrganization
from marketplace.web.console.charts import make_chart, name_day
from marketplace.web.console.page import organization_page, render_page

ENTRIES_PER_PAGE = 50
ALGORITHMS_SHOWN = 10
LAST_DAYS = 7


@require_GET
@organization_page
def balance(request: HttpRequest, scope: AccessibleOrganization) -> HttpResponse:
    """The account of what is spent, or of what is earned."""
    earnings = request.GET.get("side") == "earnings"
    before = _read_id(request.GET.get("before", ""))
    organization_id = scope.organization.id
    entries = billing.list_entries(organization_id, ENTRIES_PER_PAGE + 1, before=before, earnings=earnings)
    shown = entries[:ENTRIES_PER_PAGE]
    days = list_spending_days(scope=scope)
    left = billing.get_balance(organization_id)
    context = {
        "balance": left,
        "earned": billing.get_earnings(organization_id),
        "spent": sum(day.totals.cost for day in days),
        "lasts": _estimate_days(left, [day.totals.cost for day in days[-LAST_DAYS:]]),
        "dollars": _to_dollars(left),
        "takes_payments": billing.payments_enabled(),
        "can_buy": billing.payments_enabled() and can_manage_payments(scope),
        "earnings": earnings,
        "entries": shown,
        "before": before,
        "next_before": shown[-1].id if len(entries) > ENTRIES_PER_PAGE else None,
        "days": days,
        "chart": make_chart([(name_day(day.day), day.totals.cost, 0) for day in days]),
        "spending": list_spending(scope=scope, limit=ALGORITHMS_SHOWN),
        "earners": list_earnings(scope=scope, limit=ALGORITHMS_SHOWN),
    }
    return render_page(request, scope, "console/balance.html", "balance", context)


def _estimate_days(balance: int, spent: list[int]) -> int | None:
    """How many days the balance lasts if they cost as much as the latest did; None if those cost nothing."""
    return max(0, balance) * len(spent) // sum(spent) if sum(spent) else None


def _to_dollars(amount: int) -> str:
    """Micro-credits in US dollars, to the cent."""
    return f"{amount / CREDIT / settings.CREDITS_PER_DOLLAR:,.2f}"


def _read_id(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
