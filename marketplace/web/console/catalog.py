"""The catalog of an organization: its private algorithms, and which of others it may call."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from marketplace.algorithms.approval_models import Approval, ApprovalState
from marketplace.algorithms.approvals import (
    LONGEST_REASON,
    approve,
    ask_for_approval,
    decline,
    list_approvals,
    set_approved_only,
)
from marketplace.algorithms.models import Algorithm
from marketplace.algorithms.search import search_algorithms
from marketplace.algorithms.selectors import get_visible_algorithm, list_numbers, list_owned_algorithms
from marketplace.errors import Conflict, InvalidInput, NotFound
from marketplace.organizations.permissions import can_approve, can_call
from marketplace.organizations.selectors import AccessibleOrganization
from marketplace.web.console.page import organization_page, render_page

FOUND_SHOWN = 20
LONGEST_LIST = 1_000


@dataclass(frozen=True)
class Line:
    """An algorithm of others, what the list says of it, and the versions that could be its bound."""

    algorithm: Algorithm
    approval: Approval | None = None
    numbers: Sequence[str] = ()

    @property
    def state(self) -> str:
        """Empty for what nobody asked for."""
        return self.approval.state if self.approval else ""


@require_GET
@organization_page
def catalog(request: HttpRequest, scope: AccessibleOrganization) -> HttpResponse:
    """What may be called; `q` looks through all of it, and through the store."""
    query = request.GET.get("q", "").strip()
    approvals = {each.algorithm_id: each for each in list_approvals(scope=scope)[:LONGEST_LIST]}
    found = _search(scope, query, approvals) if query else []
    shown = [each for each in approvals.values() if _fits(each.algorithm, query)]
    numbers = list_numbers(algorithms=[each.algorithm_id for each in shown])
    lines = [Line(each.algorithm, each, numbers.get(each.algorithm_id, ())) for each in shown]
    private = list_owned_algorithms(scope=scope).filter(public=False)[:LONGEST_LIST]
    context = {
        "query": query,
        "asked": [line for line in lines if line.state == ApprovalState.ASKED],
        "approved": [line for line in lines if line.state == ApprovalState.APPROVED],
        "private": [each for each in private if _fits(each, query)],
        "found": found,
        "longest_reason": LONGEST_REASON,
        "can_approve": can_approve(scope),
        "can_ask": can_call(scope),
    }
    return render_page(request, scope, "console/catalog.html", "catalog", context)


@require_POST
@organization_page
def restrict(request: HttpRequest, scope: AccessibleOrganization) -> HttpResponse:
    """Turns "approved algorithms only" on or off."""
    on = request.POST.get("on") == "yes"
    set_approved_only(scope=scope, on=on)
    what = "Approved algorithms only" if on else "Every public algorithm"
    messages.success(request, f"{what} may be called from now on.")
    return redirect("console:catalog", scope.organization.slug)


@require_POST
@organization_page
def ask(request: HttpRequest, scope: AccessibleOrganization) -> HttpResponse:
    """Asks those who may approve."""
    return _change(
        request,
        scope,
        lambda algorithm: ask_for_approval(
            scope=scope, algorithm=algorithm, reason=request.POST.get("reason", ""), now=timezone.now()
        ),
        "{} is asked for: owners and admins are told.",
    )


@require_POST
@organization_page
def approve_one(request: HttpRequest, scope: AccessibleOrganization) -> HttpResponse:
    """Puts one on the list."""
    return _change(
        request,
        scope,
        lambda algorithm: approve(
            scope=scope, algorithm=algorithm, up_to=request.POST.get("up_to", ""), now=timezone.now()
        ),
        "{} is approved.",
    )


@require_POST
@organization_page
def decline_one(request: HttpRequest, scope: AccessibleOrganization) -> HttpResponse:
    """Takes one off the list, or answers no."""
    return _change(
        request,
        scope,
        lambda algorithm: decline(scope=scope, algorithm=algorithm, now=timezone.now()),
        "{} is not approved.",
    )


def _change(
    request: HttpRequest, scope: AccessibleOrganization, change: Callable[[Algorithm], Any], done: str
) -> HttpResponse:
    """Makes a change of the algorithm that the form names. Raises NotFound, PermissionDenied."""
    owner, _, name = request.POST.get("algorithm", "").partition("/")
    algorithm = get_visible_algorithm(viewer=scope, owner=owner, name=name)
    try:
        change(algorithm)
        messages.success(request, done.format(algorithm.full_name))
    except (Conflict, InvalidInput, NotFound) as error:
        messages.error(request, error.message)
    return redirect("console:catalog", scope.organization.slug)


def _search(scope: AccessibleOrganization, query: str, approvals: dict[Any, Approval]) -> list[Line]:
    """Public algorithms of others that fit, and are not on the list."""
    settled = [key for key, each in approvals.items() if each.state != ApprovalState.DECLINED]
    others = search_algorithms(viewer=None, query=query).exclude(organization=scope.organization)
    return [Line(each, approvals.get(each.pk)) for each in others.exclude(pk__in=settled)[:FOUND_SHOWN]]


def _fits(algorithm: Algorithm, query: str) -> bool:
    """Whether the words are in the name or the summary."""
    text = f"{algorithm.full_name} {algorithm.summary}".lower()
    return all(word in text for word in query.lower().split())
