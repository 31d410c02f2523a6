"""The calls that an organization made, and those of its algorithms."""

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_GET

from billing.api import CallLine
from marketplace.invocations.selectors import get_call, list_calls, list_received_calls, list_tree
from marketplace.organizations.selectors import AccessibleOrganization
from marketplace.web.console.page import organization_page, read_uuid, render_page

CALLS_PER_PAGE = 50


@dataclass(frozen=True)
class Phase:
    """A part of a call's time. `start` and `share` are per cent of the whole."""

    name: str
    microseconds: int
    start: float
    share: float


@require_GET
@organization_page
def calls(request: HttpRequest, scope: AccessibleOrganization) -> HttpResponse:
    """A page of calls, newest first, all or those of one `posting`; `before` is the last call of the page before."""
    received = request.GET.get("side") == "received"
    before, posting = read_uuid(request.GET.get("before", "")), read_uuid(request.GET.get("posting", ""))
    list_them = list_received_calls if received else list_calls
    found = list_them(scope=scope, limit=CALLS_PER_PAGE + 1, before=before, posting_id=posting)
    shown = found[:CALLS_PER_PAGE]
    if posting and not before and len(shown) == 1:
        return redirect("console:call", scope.organization.slug, shown[0].record.call_id)
    context = {
        "posting": posting,
        "calls": shown,
        "received": received,
        "before": before,
        "next_before": shown[-1].record.call_id if len(found) > CALLS_PER_PAGE else None,
    }
    return render_page(request, scope, "console/calls.html", "calls", context)


@require_GET
@organization_page
def call(request: HttpRequest, scope: AccessibleOrganization, call_id: UUID) -> HttpResponse:
    """Everything that is recorded of one call."""
    found = get_call(scope=scope, call_id=call_id)
    owner, _, name = found.record.algorithm.partition("/")
    context = {
        "call": found,
        "record": found.record,
        "store_page": reverse("store:algorithm", args=[owner, name]),
        "phases": make_phases(found.record),
        "tree": list_tree(scope=scope, call=found),
    }
    return render_page(request, scope, "console/call.html", "calls", context)


def make_phases(record: CallLine) -> list[Phase]:
    """Waiting, loading and running, one after the other."""
    times = {"Waiting": record.queue_us, "Loading": record.load_us, "Running": record.run_us}
    whole = sum(times.values()) or 1
    phases, start = [], 0.0
    for name, microseconds in times.items():
        share = 100 * microseconds / whole
        phases.append(Phase(name, microseconds, round(start, 2), round(share, 2)))
        start += share
    return phases
