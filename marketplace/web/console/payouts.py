"""Earnings to the bank: setting it up with Stripe, paying out, and every payout."""

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from billing import api as billing
from marketplace.errors import Conflict, Unavailable
from marketplace.organizations.selectors import AccessibleOrganization
from marketplace.payments.selectors import list_payouts
from marketplace.payments.services import (
    pay_out,
    refresh_payout_account,
    set_automatic_payouts,
    start_onboarding,
)
from marketplace.web.console.page import organization_page, render_page
from marketplace.web.console.payments import lead_to_stripe

PAYOUTS_PER_PAGE = 25


@require_GET
@organization_page
def payouts(request: HttpRequest, scope: AccessibleOrganization) -> HttpResponse:
    """What can be paid out, and what was. Someone who comes back from Stripe has `back` in the address."""
    listed = list_payouts(scope=scope)
    if "back" in request.GET:
        try:
            refresh_payout_account(scope=scope)
        except (Conflict, Unavailable) as error:
            messages.warning(request, error.message)
        return redirect("console:payouts", scope.organization.slug)
    earned = billing.get_earnings(scope.organization.id)
    context = {
        "page": Paginator(listed, PAYOUTS_PER_PAGE).get_page(request.GET.get("page")),
        "enabled": billing.payments_enabled(),
        "account": billing.find_payout_account(scope.organization.id),
        "earned": earned,
        "earned_cents": billing.to_cents(earned),
        "threshold_cents": settings.PAYOUT_THRESHOLD_CENTS,
        "can_pay_out": billing.to_cents(earned) >= settings.PAYOUT_THRESHOLD_CENTS,
    }
    return render_page(request, scope, "console/payouts.html", "payments", context)


@require_POST
@organization_page
def set_up(request: HttpRequest, scope: AccessibleOrganization) -> HttpResponse:
    """Leads to Stripe, to say who is paid and where."""
    back = settings.AGORA_ADDRESS + reverse("console:payouts", args=[scope.organization.slug])
    try:
        address = start_onboarding(scope=scope, again=back, back=f"{back}?back=1")
    except (Conflict, Unavailable) as error:
        messages.error(request, error.message)
        return redirect("console:payouts", scope.organization.slug)
    return lead_to_stripe(request, scope, address)


@require_POST
@organization_page
def pay(request: HttpRequest, scope: AccessibleOrganization) -> HttpResponse:
    """Pays out all that was earned."""
    try:
        payout = pay_out(scope=scope)
    except (Conflict, Unavailable) as error:
        messages.error(request, error.message)
    else:
        if payout.failure:
            messages.error(request, f"Stripe refused: {payout.failure}")
        else:
            messages.success(request, f"${payout.amount_cents / 100:,.2f} are on their way to your bank.")
    return redirect("console:payouts", scope.organization.slug)


@require_POST
@organization_page
def change_automatic(request: HttpRequest, scope: AccessibleOrganization) -> HttpResponse:
    """Turns automatic payouts on or off."""
    set_automatic_payouts(scope=scope, automatic=request.POST.get("automatic") == "yes")
    return redirect("console:payouts", scope.organization.slug)
