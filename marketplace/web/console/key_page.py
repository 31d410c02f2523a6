"""One API key: what it may do, what it spent, and the budgets and limits that it is held to."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from billing.api import KeyLimit
from marketplace.invocations.selectors import summarize_key
from marketplace.organizations.limits import LARGEST_RATE, list_budgets, list_key_limits, set_key_limit
from marketplace.organizations.models import ApiKey
from marketplace.organizations.permissions import can_manage_limits, check_can_manage_limits
from marketplace.organizations.selectors import AccessibleOrganization, get_api_key
from marketplace.web.console.budgets import AmountForm, set_from
from marketplace.web.console.keys import describe_keys
from marketplace.web.console.page import organization_page, render_page


class LimitsForm(forms.Form):
    """How fast the key may call; an empty field is no limit."""

    calls_per_second = forms.IntegerField(required=False, min_value=1, max_value=LARGEST_RATE, label="Calls per second")
    calls_at_once = forms.IntegerField(required=False, min_value=1, max_value=LARGEST_RATE, label="Calls at once")


@require_GET
@organization_page
def key(request: HttpRequest, scope: AccessibleOrganization, key_id: UUID) -> HttpResponse:
    """The key, as every member may see it."""
    return _render(request, scope, get_api_key(scope=scope, key_id=key_id))


@require_POST
@organization_page
def change_budget(request: HttpRequest, scope: AccessibleOrganization, key_id: UUID) -> HttpResponse:
    """Sets what it may spend in each day or month; there is one budget of each."""
    check_can_manage_limits(scope)
    found, form = get_api_key(scope=scope, key_id=key_id), AmountForm(request.POST)
    if not (form.is_valid() and set_from(scope, form, key_id=found.id)):
        return _render(request, scope, found, budget=form)
    messages.success(request, "The budget holds from now on.")
    return redirect("console:key", scope.organization.slug, key_id)


@require_POST
@organization_page
def change_limits(request: HttpRequest, scope: AccessibleOrganization, key_id: UUID) -> HttpResponse:
    """Sets how fast it may call."""
    check_can_manage_limits(scope)
    found, form = get_api_key(scope=scope, key_id=key_id), LimitsForm(request.POST)
    if not form.is_valid():
        return _render(request, scope, found, limits=form)
    set_key_limit(scope=scope, key_id=found.id, **form.cleaned_data)
    messages.success(request, "The limits hold from now on.")
    return redirect("console:key", scope.organization.slug, key_id)


def _render(
    request: HttpRequest,
    scope: AccessibleOrganization,
    found: ApiKey,
    *,
    budget: AmountForm | None = None,
    limits: LimitsForm | None = None,
) -> HttpResponse:
    now = timezone.now()
    (line,) = describe_keys(scope, [found])
    held = list_key_limits(scope=scope).get(found.id)
    context = {
        "line": line,
        "month": summarize_key(scope=scope, key=found, now=now),
        "budgets": [each for each in list_budgets(scope=scope, at=now) if each.budget.key_id == found.id],
        "budget_form": budget or AmountForm(initial={"period": "month"}),
        "limits": held,
        "limits_form": limits or LimitsForm(initial=_to_initial(held)),
        "can_manage_limits": can_manage_limits(scope) and found.revoked_at is None,
    }
    return render_page(request, scope, "console/key.html", "keys", context)


def _to_initial(held: KeyLimit | None) -> dict[str, Any]:
    return {name: getattr(held, name, None) for name in LimitsForm.base_fields}
