"""Credits for money: buying them, automatic top-up, the tax number, and every payment."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from billing import api as billing
from billing.api import LARGEST_CENTS, SMALLEST_CENTS, TAX_ID_KINDS
from marketplace.errors import Conflict, NotFound, Unavailable
from marketplace.organizations.selectors import AccessibleOrganization
from marketplace.payments.selectors import list_payments
from marketplace.payments.services import buy_credits, look_again, set_tax_id, set_top_up
from marketplace.web.console.page import organization_page, read_uuid, render_page

PAYMENTS_PER_PAGE = 25
USUAL_DOLLARS = Decimal(20)


def dollar_field(label: str, *, least: int = SMALLEST_CENTS // 100) -> forms.DecimalField:
    """An amount of US dollars, to the cent."""
    most = LARGEST_CENTS // 100
    return forms.DecimalField(
        label=label,
        min_value=least,
        max_value=most,
        decimal_places=2,
        error_messages={
            "required": "How many dollars?",
            "invalid": "Give dollars, like 20 or 20.50.",
            "min_value": f"At least ${least:,}.",
            "max_value": f"At most ${most:,}.",
        },
    )


def to_cents(dollars: Decimal) -> int:
    """Of an amount that dollar_field took."""
    return int(dollars * 100)


class PurchaseForm(forms.Form):
    """How much to buy."""

    dollars = dollar_field("US dollars")
    keep_card = forms.BooleanField(label="Keep the card for automatic top-up", required=False)


class TopUpForm(forms.Form):
    """When to buy how much by itself."""

    threshold = dollar_field("When less is left than, US dollars", least=0)
    amount = dollar_field("Buy credits for, US dollars")
    month_cap = dollar_field("At most in a month, US dollars")

    def clean(self) -> dict[str, Any]:
        """Raises ValidationError when the month does not allow for one top-up."""
        cleaned = super().clean() or {}
        if cleaned.get("month_cap", 0) < cleaned.get("amount", 0):
            self.add_error("month_cap", "Allow for one top-up at least.")
        return cleaned


class TaxIdForm(forms.Form):
    """A number that invoices carry."""

    kind = forms.ChoiceField(label="Kind", choices=list(TAX_ID_KINDS.items()))
    value = forms.CharField(label="Number", max_length=40, required=False)


@require_GET
@organization_page
def payments(request: HttpRequest, scope: AccessibleOrganization) -> HttpResponse:
    """Everything about buying credits. Someone who comes back from paying has `payment` in the address."""
    paid = read_uuid(request.GET.get("payment", ""))
    if paid is not None:
        return _welcome_back(request, scope, paid)
    return _render(request, scope)


@require_POST
@organization_page
def buy(request: HttpRequest, scope: AccessibleOrganization) -> HttpResponse:
    """Begins a purchase, and leads to Stripe."""
    form = PurchaseForm(request.POST)
    if form.is_valid():
        back = settings.AGORA_ADDRESS + reverse("console:payments", args=[scope.organization.slug])
        cents, keep = to_cents(form.cleaned_data["dollars"]), form.cleaned_data["keep_card"]
        try:
            page = buy_credits(scope=scope, cents=cents, keep_card=keep, back=back)
        except (Conflict, Unavailable) as error:
            form.add_error(None, error.message)
        else:
            return lead_to_stripe(request, scope, page.url)
    return _render(request, scope, purchase=form)


@require_POST
@organization_page
def change_top_up(request: HttpRequest, scope: AccessibleOrganization) -> HttpResponse:
    """Orders automatic top-up with the form's amounts, or stops it."""
    form = TopUpForm(request.POST)
    if form.is_valid():
        on = request.POST.get("on") == "yes"
        amounts = {f"{name}_cents": to_cents(form.cleaned_data[name]) for name in ("threshold", "amount", "month_cap")}
        try:
            set_top_up(scope=scope, **amounts, on=on)
        except (Conflict, Unavailable) as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, f"Automatic top-up is {'on' if on else 'off'}.")
            return redirect("console:payments", scope.organization.slug)
    return _render(request, scope, top_up=form)


@require_POST
@organization_page
def change_tax_id(request: HttpRequest, scope: AccessibleOrganization) -> HttpResponse:
    """Sets the tax number, or takes it away."""
    form = TaxIdForm(request.POST)
    if form.is_valid():
        value = form.cleaned_data["value"].strip().upper()
        try:
            set_tax_id(scope=scope, kind=form.cleaned_data["kind"], value=value)
        except (Conflict, Unavailable) as error:
            form.add_error("value", error.message)
        else:
            messages.success(request, "The tax number is kept." if value else "There is no tax number any more.")
            return redirect("console:payments", scope.organization.slug)
    return _render(request, scope, tax_id=form)


def lead_to_stripe(request: HttpRequest, scope: AccessibleOrganization, address: str) -> HttpResponse:
    """A page that goes on to Stripe by itself: our policy lets no form end at another site."""
    return render_page(request, scope, "console/to_stripe.html", "payments", {"address": address})


def _welcome_back(request: HttpRequest, scope: AccessibleOrganization, payment_id: UUID) -> HttpResponse:
    try:
        look_again(scope=scope, payment_id=payment_id)
    except (Conflict, NotFound, Unavailable) as error:
        messages.warning(request, error.message)
        return redirect("console:payments", scope.organization.slug)
    state = list_payments(scope=scope).values_list("state", flat=True).get(pk=payment_id)
    if state == billing.PaymentState.SUCCEEDED:
        messages.success(request, "Thank you: the credits are here.")
    else:
        messages.info(request, "Your bank is still at it: the credits come with its answer.")
    return redirect("console:payments", scope.organization.slug)


def _render(request: HttpRequest, scope: AccessibleOrganization, **forms_given: forms.Form) -> HttpResponse:
    organization_id = scope.organization.id
    listed = list_payments(scope=scope)
    customer, order = billing.find_customer(organization_id), billing.find_top_up(organization_id)
    context = {
        "page": Paginator(listed, PAYMENTS_PER_PAGE).get_page(request.GET.get("page")),
        "enabled": billing.payments_enabled(),
        "balance": billing.get_balance(organization_id),
        "customer": customer,
        "order": order,
        "topped_up_cents": billing.sum_top_ups(organization_id, timezone.now()) if order else 0,
        "purchase": PurchaseForm(initial={"dollars": USUAL_DOLLARS}),
        "top_up": TopUpForm(initial=_describe_order(order)),
        "tax_id": TaxIdForm(initial={"kind": customer.tax_id_type, "value": customer.tax_id} if customer else None),
    }
    return render_page(request, scope, "console/payments.html", "payments", context | forms_given)


def _describe_order(order: billing.TopUp | None) -> dict[str, Decimal]:
    cents = (order.threshold_cents, order.amount_cents, order.month_cap_cents) if order else (500, 2_000, 10_000)
    return {name: Decimal(each) / 100 for name, each in zip(("threshold", "amount", "month_cap"), cents, strict=True)}
