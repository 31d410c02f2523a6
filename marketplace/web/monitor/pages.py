"""The monitor's pages. Without scripts they are read again every few seconds."""

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from marketplace.accounts.models import User
from marketplace.errors import NotFound
from marketplace.monitor.selectors import get_running_call, look_at_organization, look_at_platform
from marketplace.monitor.services import end_call, end_slot, set_draining
from marketplace.organizations.permissions import check_can_end_calls
from marketplace.organizations.selectors import AccessibleOrganization
from marketplace.web.console.page import organization_page, render_confirmation, render_page
from marketplace.web.monitor.picture import describe_picture
from marketplace.web.operator.money import operator_page

DRAIN = (
    "Drain",
    "Calls that run go on until their end; new ones wait for another machine, or until you resume it.",
    "begins no more calls. Those that run go on.",
)
RESUME = ("Resume", "Calls that wait begin there at once.", "takes calls again.")
"""What the button says, what follows, and what is said then."""
OWED = "Its caller is told who ended it, and owes the time that it ran. The slot is replaced."


@require_GET
@organization_page
def organization_monitor(request: HttpRequest, scope: AccessibleOrganization) -> HttpResponse:
    """What an organization's calls and algorithms do now."""
    context = describe_picture(look_at_organization(scope=scope), scope)
    return render_page(request, scope, "monitor/organization.html", "monitor", context)


@require_http_methods(["GET", "POST"])
@organization_page
def end_organization_call(request: HttpRequest, scope: AccessibleOrganization, call_id: uuid.UUID) -> HttpResponse:
    """Asks, then ends a call that the organization pays for."""
    check_can_end_calls(scope)
    back = reverse("console:monitor", args=[scope.organization.slug])
    if request.method == "POST":
        return _end_call(request, scope.user, scope, call_id, back)
    call = get_running_call(scope=scope, call_id=str(call_id))
    question = f"End this call of {call.algorithm}?"
    return render_confirmation(
        request, scope, "monitor", question=question, consequence=OWED, action="End the call", back=back
    )


@require_GET
@operator_page
def platform_monitor(request: HttpRequest) -> HttpResponse:
    """Everything that runs."""
    picture = look_at_platform(user=_operator(request))
    return render(request, "monitor/platform.html", describe_picture(picture, None))


@require_http_methods(["GET", "POST"])
@operator_page
def end_platform_call(request: HttpRequest, call_id: uuid.UUID) -> HttpResponse:
    """Asks, then ends a call."""
    if request.method == "POST":
        return _end_call(request, _operator(request), None, call_id, reverse("monitor:platform"))
    call = get_running_call(scope=None, call_id=str(call_id))
    return _confirm(request, f"End this call of {call.algorithm}?", OWED, "End the call")


@require_http_methods(["GET", "POST"])
@operator_page
def end_platform_slot(request: HttpRequest, node: str, slot_id: int) -> HttpResponse:
    """Asks, then ends a slot when it is free."""
    if request.method == "POST":
        end_slot(user=_operator(request), node=node, slot_id=slot_id)
        messages.success(request, f"Slot {slot_id} ends, after the call that it runs.")
        return redirect("monitor:platform")
    consequence = "A call that runs in it goes on until its end. Then the slot ends, and its memory is free."
    return _confirm(request, f"End slot {slot_id} of {node}?", consequence, "End the slot")


@require_http_methods(["GET", "POST"])
@operator_page
def drain_node(request: HttpRequest, node: str, *, draining: bool) -> HttpResponse:
    """Asks, then has a machine begin no more calls, or take them again."""
    action, consequence, done = DRAIN if draining else RESUME
    if request.method == "POST":
        set_draining(user=_operator(request), node=node, draining=draining)
        messages.success(request, f"{node} {done}")
        return redirect("monitor:platform")
    return _confirm(request, f"{action} {node}?", consequence, action)


def _end_call(
    request: HttpRequest, user: User, scope: AccessibleOrganization | None, call_id: uuid.UUID, back: str
) -> HttpResponse:
    try:
        end_call(user=user, scope=scope, call_id=str(call_id))
    except NotFound as error:  # it ended while the question stood there
        messages.info(request, error.message)
    else:
        messages.success(request, "The call was ended.")
    return redirect(back)


def _confirm(request: HttpRequest, question: str, consequence: str, action: str) -> HttpResponse:
    context = {
        "question": question,
        "consequence": consequence,
        "action": action,
        "back": reverse("monitor:platform"),
    }
    return render(request, "monitor/confirmation.html", context)


def _operator(request: HttpRequest) -> User:
    assert isinstance(request.user, User), "operator_page has looked"
    return request.user
