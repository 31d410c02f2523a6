"""Usage: what was called and what it cost by algorithm, version, key and member, on the page and as CSV."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, Literal, cast

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_GET

from billing import api as billing
from billing.api import CallTotals, Dimension, Span, SpanTotals, UsageLine
from marketplace.invocations.selectors import list_spans
from marketplace.organizations.selectors import AccessibleOrganization, list_api_keys
from marketplace.payments.selectors import name_members
from marketplace.web.console.charts import make_chart, name_day
from marketplace.web.console.exports import write_csv
from marketplace.web.console.page import organization_page, render_page

LINES_SHOWN = 100
LINES_EXPORTED = 100_000
By = Dimension | Literal["team"]
"""Calls are counted by key: a team's are those of the keys that belong to it."""
DIMENSIONS: Mapping[By, str] = {
    "algorithm": "Algorithm",
    "version": "Version",
    "key": "Key",
    "member": "Member",
    "team": "Team",
}
COLUMNS = ("calls", "failed", "run_us", "cpu_us", "memory_byte_seconds", "compute_microcredits", "royalty_microcredits",
           "cost_microcredits")  # fmt: skip


@dataclass(frozen=True)
class Period:
    """How far back, in bars of what. `over` says it in a sentence, `ending` is the name of the last bar."""

    text: str
    span: Span
    length: timedelta
    over: str
    ending: str


PERIODS: Mapping[str, Period] = {
    "hour": Period("Last hour", "minute", timedelta(minutes=59), "in each minute of the last hour", "now"),
    "day": Period("Last day", "hour", timedelta(hours=23), "in each hour of the last day", "now"),
    "month": Period("Last 30 days", "day", timedelta(days=29), "on each of the last 30 days", "today"),
}
"""By what the address calls them. A length is what lies before the span of now."""


@dataclass(frozen=True)
class Line:
    """The totals of one algorithm, version, key or member, by its name. `share` is per cent of all that was spent."""

    name: str
    totals: CallTotals
    share: float


@require_GET
@organization_page
def usage(request: HttpRequest, scope: AccessibleOrganization) -> HttpResponse:
    """The last 30 days, day or hour: of what was paid for, or of what was received."""
    received = request.GET.get("side") == "received"
    by, period = _read_dimension(request, received=received), _read_period(request)
    spans = list_spans(scope=scope, span=period.span, length=period.length, received=received)
    spent = sum(each.totals.cost for each in spans)
    context = {
        "received": received,
        "period": period,
        "periods": PERIODS,
        "by": by,
        "dimension": DIMENSIONS[by],
        "dimensions": {name: text for name, text in DIMENSIONS.items() if not received or name in PUBLIC_DIMENSIONS},
        "lines": _list_lines(scope, by, period, received=received, limit=LINES_SHOWN, whole=spent),
        "calls": sum(each.totals.calls for each in spans),
        "failed": sum(each.totals.failed for each in spans),
        "spent": spent,
        "earned": sum(each.totals.earned for each in spans),
        "chart": make_chart([(_name_span(period, each), each.totals.calls, each.totals.failed) for each in spans]),
    }
    return render_page(request, scope, "console/usage.html", "usage", context)


@require_GET
@organization_page
def usage_csv(request: HttpRequest, scope: AccessibleOrganization) -> HttpResponseBase:
    """The same as a table: amounts are micro-credits, times microseconds."""
    received = request.GET.get("side") == "received"
    by, period = _read_dimension(request, received=received), _read_period(request)
    lines = _list_lines(scope, by, period, received=received, limit=LINES_EXPORTED, whole=0)
    return write_csv(f"usage-by-{by}", (by, *COLUMNS), _to_rows(lines))


PUBLIC_DIMENSIONS = ("algorithm", "version")
"""Of calls that others paid for, their keys and members are their own affair."""


def _read_dimension(request: HttpRequest, *, received: bool) -> By:
    asked = request.GET.get("by", "")
    known = PUBLIC_DIMENSIONS if received else DIMENSIONS
    return cast("By", asked) if asked in known else "algorithm"


def _read_period(request: HttpRequest) -> Period:
    return PERIODS.get(request.GET.get("period", ""), PERIODS["month"])


def _name_span(period: Period, span: SpanTotals) -> str:
    return name_day(span.starts_at) if period.span == "day" else f"{span.starts_at:%H:%M}"


def _list_lines(
    scope: AccessibleOrganization, by: By, period: Period, *, received: bool, limit: int, whole: int
) -> list[Line]:
    found = billing.summarize_usage(
        by="key" if by == "team" else by,
        payer_id=None if received else scope.organization.id,
        author_id=scope.organization.id if received else None,
        since=timezone.now() - period.length,
        limit=LINES_EXPORTED if by == "team" else limit,
        span=period.span,
    )
    if by == "team":
        found = _add_up_teams(scope, found)[:limit]
    names = _name(scope, by, [line.identity[0] for line in found])
    return [
        Line(
            name=names.get(line.identity[0], " ".join(str(part) for part in line.identity)),
            totals=line.totals,
            share=round(100 * line.totals.cost / whole, 1) if whole else 0,
        )
        for line in found
    ]


def _add_up_teams(scope: AccessibleOrganization, lines: list[UsageLine]) -> list[UsageLine]:
    """The lines of keys as lines of their teams, the dearest first."""
    teams = dict(list_api_keys(scope=scope).values_list("pk", "team__name"))
    sums: dict[str, Counter[str]] = {}
    for line in lines:
        name = teams.get(line.identity[0]) or "No team"
        sums.setdefault(name, Counter()).update(asdict(line.totals))
    found = [UsageLine(identity=(name,), totals=CallTotals(**total)) for name, total in sums.items()]
    return sorted(found, key=lambda line: line.totals.cost, reverse=True)


def _name(scope: AccessibleOrganization, by: By, identities: list[Any]) -> dict[object, str]:
    if by == "key":
        return {None: "Without a key", **dict(list_api_keys(scope=scope).values_list("pk", "name"))}
    if by == "member":
        return {None: "Nobody", **name_members([one for one in identities if one is not None])}
    return {}


def _to_rows(lines: list[Line]) -> Iterator[tuple[object, ...]]:
    for line in lines:
        totals = line.totals
        yield (line.name, totals.calls, totals.failed, totals.run_us, totals.cpu_us, totals.memory, totals.compute,
               totals.royalty, totals.cost)  # fmt: skip
