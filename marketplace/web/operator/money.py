"""The platform's money: what it earned, what it holds for others, payments, disputes, and whether the books agree."""

import uuid
from collections.abc import Callable
from datetime import UTC
from functools import wraps
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from billing import api as billing
from marketplace.accounts.models import User
from marketplace.errors import Conflict, NotFound, Unavailable
from marketplace.organizations.models import Organization
from marketplace.payments.selectors import name_organizations
from marketplace.payments.services import reconcile_now, refund_payment, set_terms
from marketplace.web.console.charts import make_chart, name_day
from marketplace.web.console.page import signed_in_page
from marketplace.web.console.payments import to_cents

PAYMENTS_PER_PAGE = 25
SHOWN = 20
REVENUE_DAYS = 30
CLOSES_SHOWN = 7
View = Callable[..., HttpResponse]


def operator_page(view: View) -> View:
    """For administrators of the platform; others get 404."""

    @wraps(view)
    def guarded(request: HttpRequest, **parts: Any) -> HttpResponse:
        if not (isinstance(request.user, User) and request.user.is_superuser):
            raise NotFound("There is no such page.")
        return view(request, **parts)

    return signed_in_page(guarded)


class RefundForm(forms.Form):
    """How much goes back. `request_id` makes a form that is sent twice give it back once."""

    dollars = forms.DecimalField(label="US dollars", min_value=0, decimal_places=2, max_digits=12)
    request_id = forms.UUIDField(widget=forms.HiddenInput)


class TermsForm(forms.Form):
    """Who may pay later, how much, and when."""

    organization = forms.SlugField(label="Organization", max_length=64)
    limit = forms.DecimalField(label="Limit, US dollars", min_value=0, decimal_places=2, max_digits=12)
    days_to_pay = forms.IntegerField(label="Days to pay", min_value=1, max_value=180, initial=30)

    def clean_organization(self) -> Organization:
        """Raises ValidationError."""
        found = Organization.objects.filter(slug__iexact=self.cleaned_data["organization"]).first()
        if found is None:
            raise forms.ValidationError("There is no such organization.")
        return found


@require_GET
@operator_page
def overview(request: HttpRequest) -> HttpResponse:
    """Everything at a glance."""
    return _render(request, TermsForm())


@require_POST
@operator_page
def terms(request: HttpRequest) -> HttpResponse:
    """Sets an organization's terms."""
    form = TermsForm(request.POST)
    if not form.is_valid():
        return _render(request, form)
    organization, days = form.cleaned_data["organization"], form.cleaned_data["days_to_pay"]
    limit = to_cents(form.cleaned_data["limit"])
    set_terms(organization=organization, limit_cents=limit, days_to_pay=days, by=request.user)
    messages.success(request, f"{organization.slug} may owe up to ${limit / 100:,.2f}.")
    return redirect("operator:money")


@require_POST
@operator_page
def reconcile(request: HttpRequest) -> HttpResponse:
    """Compares the books with Stripe's now."""
    try:
        outcome = reconcile_now(by=request.user)
    except (Conflict, Unavailable) as error:
        messages.error(request, error.message)
    else:
        messages.info(request, f"Compared {outcome.movements:,} movements: {len(outcome.differences)} differences.")
    return redirect("operator:money")


@require_http_methods(["GET", "POST"])
@operator_page
def refund(request: HttpRequest, payment_id: uuid.UUID) -> HttpResponse:
    """Asks how much, then gives it back."""
    payment = billing.list_payments().filter(pk=payment_id).first()
    if payment is None:
        raise NotFound("There is no such payment.")
    left = (payment.amount_cents - payment.refunded_cents) / 100
    form = RefundForm(request.POST or None, initial={"dollars": f"{left:.2f}", "request_id": uuid.uuid4()})
    if request.method == "POST" and form.is_valid() and _refund(request, payment_id, form):
        return redirect("operator:money")
    owner = name_organizations([payment.organization_id]).get(payment.organization_id, "")
    context = {"payment": payment, "form": form, "owner": owner}
    return render(request, "operator/refund.html", context)


def _refund(request: HttpRequest, payment_id: uuid.UUID, form: RefundForm) -> bool:
    cents, request_id = to_cents(form.cleaned_data["dollars"]), form.cleaned_data["request_id"]
    try:
        refund_payment(payment_id=payment_id, cents=cents, request_id=request_id, by=request.user)
    except (Conflict, Unavailable) as error:
        form.add_error("dollars", error.message)
        return False
    messages.success(request, f"${cents / 100:,.2f} go back to the payer, and the credits are taken.")
    return True


def _render(request: HttpRequest, form: TermsForm) -> HttpResponse:
    page = Paginator(billing.list_payments(), PAYMENTS_PER_PAGE).get_page(request.GET.get("page"))
    disputes, on_terms = billing.list_disputes()[:SHOWN], billing.list_terms()[:SHOWN]
    payouts = billing.list_payouts()[:SHOWN]
    owners = {each.organization_id for each in [*page, *on_terms, *payouts]}
    slugs = name_organizations(owners | {dispute.payment.organization_id for dispute in disputes})
    days = billing.summarize_platform_by_day(days=REVENUE_DAYS, today=timezone.now().astimezone(UTC).date())
    context = {
        "enabled": billing.payments_enabled(),
        "figures": billing.get_platform_figures(),
        "page": page,
        "payments": [(payment, slugs.get(payment.organization_id, "")) for payment in page],
        "disputes": [(dispute, slugs.get(dispute.payment.organization_id, "")) for dispute in disputes],
        "payouts": [(payout, slugs.get(payout.organization_id, "")) for payout in payouts],
        "terms": [(each, slugs.get(each.organization_id, "")) for each in on_terms],
        "days": days,
        "chart": make_chart([(name_day(day.day), day.totals.cost - day.totals.earned, 0) for day in days]),
        "closes": billing.list_closes(CLOSES_SHOWN),
        "failing": billing.list_failing_events()[:SHOWN],
        "latest": billing.list_reconciliations().first(),
        "form": form,
    }
    return render(request, "operator/money.html", context)
