"""What owners and operators do with money, each with its permission and its audit. billing/payments moves it.

All raise PermissionDenied, Conflict when it cannot be done as things stand, and Unavailable when Stripe is away.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from django.utils import timezone

from billing import api as billing
from billing.api import Buyer, CheckoutPage
from billing.errors import NotPossible, PaymentsDisabled, StripeRefused, StripeUnavailable
from marketplace.accounts.models import User
from marketplace.accounts.permissions import check_is_operator
from marketplace.audit.services import record
from marketplace.errors import Conflict, Unavailable
from marketplace.organizations.models import Organization
from marketplace.organizations.permissions import check_can_manage_payments
from marketplace.organizations.selectors import AccessibleOrganization
from marketplace.payments.selectors import find_buyer, get_payment


@contextmanager
def telling_why() -> Iterator[None]:
    """Turns what goes wrong in billing into what the person is told."""
    try:
        yield
    except (NotPossible, PaymentsDisabled, StripeRefused) as error:
        raise Conflict(str(error)) from error
    except StripeUnavailable as error:
        raise Unavailable("Stripe does not answer: try again in a moment. Nothing is paid twice.") from error


def buy_credits(*, scope: AccessibleOrganization, cents: int, keep_card: bool, back: str) -> CheckoutPage:
    """Begins a purchase, to be paid at the page's address; the buyer comes back to `back`."""
    check_can_manage_payments(scope)
    with telling_why():
        page = billing.start_checkout(buyer=_buyer(scope), cents=cents, keep_card=keep_card, back=back)
    _audit(scope, "payment.start", f"${cents / 100:,.2f}", page.payment_id)
    return page


def look_again(*, scope: AccessibleOrganization, payment_id: uuid.UUID) -> None:
    """Asks Stripe how a payment of the organization stands, for a buyer who comes back before its event."""
    payment = get_payment(scope=scope, payment_id=payment_id)
    with telling_why():
        billing.look_again(payment)


def set_top_up(
    *, scope: AccessibleOrganization, threshold_cents: int, amount_cents: int, month_cap_cents: int, on: bool
) -> None:
    """Orders automatic top-up, or stops it."""
    check_can_manage_payments(scope)
    with telling_why(), transaction.atomic():
        billing.set_top_up(
            organization_id=scope.organization.id,
            threshold_cents=threshold_cents,
            amount_cents=amount_cents,
            month_cap_cents=month_cap_cents,
            on=on,
        )
        label = f"${amount_cents / 100:,.2f} below ${threshold_cents / 100:,.2f}" if on else "off"
        _audit(scope, "top_up.set", label, scope.organization.id, most_in_a_month=f"${month_cap_cents / 100:,.2f}")


def set_tax_id(*, scope: AccessibleOrganization, kind: str, value: str) -> None:
    """Puts the organization's tax number on what it is invoiced from now on; an empty one takes it away."""
    check_can_manage_payments(scope)
    with telling_why():
        billing.set_tax_id(buyer=_buyer(scope), kind=kind, value=value)
    _audit(scope, "tax_id.set", value or "none", scope.organization.id)


def start_onboarding(*, scope: AccessibleOrganization, again: str, back: str) -> str:
    """Where the owner tells Stripe who is paid, and on which account."""
    check_can_manage_payments(scope)
    with telling_why():
        address = billing.start_onboarding(
            organization_id=scope.organization.id, email=scope.user.email, again=again, back=back
        )
    _audit(scope, "payouts.set_up", scope.organization.slug, scope.organization.id)
    return address


def refresh_payout_account(*, scope: AccessibleOrganization) -> None:
    """Asks Stripe what it still wants to know, for an owner who comes back before its event."""
    check_can_manage_payments(scope)
    account = billing.find_payout_account(scope.organization.id)
    if account is not None:
        with telling_why():
            billing.apply_account(account.stripe_id)


def set_automatic_payouts(*, scope: AccessibleOrganization, automatic: bool) -> None:
    """Whether earnings are paid out by themselves."""
    check_can_manage_payments(scope)
    billing.set_automatic(organization_id=scope.organization.id, automatic=automatic)
    _audit(scope, "payouts.set_automatic", "on" if automatic else "off", scope.organization.id)


def pay_out(*, scope: AccessibleOrganization) -> billing.Payout:
    """Pays out all that was earned, now. Away, Stripe is asked again later: the money waits."""
    check_can_manage_payments(scope)
    with telling_why():
        payout = billing.begin_payout(organization_id=scope.organization.id, at=timezone.now())
        _audit(scope, "payout.start", f"${payout.amount_cents / 100:,.2f}", payout.pk)
        billing.send_payout(payout.pk)
    payout.refresh_from_db()
    return payout


def refund_payment(*, payment_id: uuid.UUID, cents: int, request_id: uuid.UUID, by: User) -> None:
    """Gives money back, as an operator; `request_id` makes a repetition harmless."""
    check_is_operator(by)
    payment = billing.list_payments().filter(pk=payment_id).first()
    if payment is None:
        raise Conflict("There is no such payment.")
    with telling_why():
        billing.refund_payment(payment_id=payment_id, cents=cents, request_id=request_id)
    _record(by, payment.organization_id, "payment.refund", f"${cents / 100:,.2f}", payment_id)


@transaction.atomic
def set_terms(*, organization: Organization, limit_cents: int, days_to_pay: int, by: User) -> None:
    """Lets an organization pay by invoice, as an operator; a limit of zero ends that."""
    check_is_operator(by)
    billing.set_terms(
        organization_id=organization.id, limit_cents=limit_cents, days_to_pay=days_to_pay, now=timezone.now()
    )
    _record(by, organization.id, "terms.set", f"${limit_cents / 100:,.2f}, {days_to_pay} days", organization.id)


def reconcile_now(*, by: User) -> billing.Reconciliation:
    """Compares the ledger with what Stripe says moved, as an operator."""
    check_is_operator(by)
    with telling_why():
        return billing.reconcile_latest(now=timezone.now())


def _buyer(scope: AccessibleOrganization) -> Buyer:
    """As the organization is known to be invoiced; one without another owner's address has the person's own."""
    return find_buyer(scope.organization.id) or Buyer(scope.organization.id, scope.organization.name, scope.user.email)


def _audit(scope: AccessibleOrganization, action: str, label: str, subject_id: object, **details: object) -> None:
    _record(scope.user, scope.organization.id, action, label, subject_id, **details)


@transaction.atomic
def _record(
    by: User, organization_id: uuid.UUID, action: str, label: str, subject_id: object, **details: object
) -> None:
    record(
        actor=by,
        organization_id=organization_id,
        action=action,
        subject_label=label,
        subject_id=subject_id,
        details=details,
    )
