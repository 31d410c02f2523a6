"""Buying credits by itself when the balance is low, with the card that an owner left."""

import logging
import uuid
from datetime import UTC, datetime, timedelta

import stripe
from django.db import transaction

from billing.errors import NotPossible, PaymentRefused, StripeRefused, StripeUnavailable
from billing.ledger.models import AccountKind
from billing.ledger.selectors import get_balance
from billing.payments.client import CURRENCY, talk
from billing.payments.customers import find_customer
from billing.payments.intents import apply_payment_intent, fail_top_up
from billing.payments.models import Payment, PaymentKind, PaymentState, StripeCustomer, TopUp
from billing.payments.postings import to_microcredits
from billing.payments.purchases import LARGEST_CENTS, SMALLEST_CENTS

LOST_AFTER = timedelta(minutes=2)
"""A top-up that is not over by then was interrupted: Stripe is asked what became of it."""

logger = logging.getLogger(__name__)


def find_top_up(organization_id: uuid.UUID) -> TopUp | None:
    """The organization's order; None if it never gave one."""
    return TopUp.objects.filter(pk=organization_id).first()


def set_top_up(
    *, organization_id: uuid.UUID, threshold_cents: int, amount_cents: int, month_cap_cents: int, on: bool
) -> None:
    """Orders automatic top-ups, or stops them; forgets why they had stopped. Raises NotPossible."""
    if on:
        _check(organization_id, threshold_cents, amount_cents, month_cap_cents)
    TopUp.objects.update_or_create(
        pk=organization_id,
        defaults={
            "threshold_cents": threshold_cents,
            "amount_cents": amount_cents,
            "month_cap_cents": month_cap_cents,
            "on": on,
            "failure": "",
        },
    )


def run_top_ups(*, now: datetime) -> int:
    """Buys for each organization whose balance is low, and clears up what was interrupted. Answers how many it began.

    One at a time for each organization, within its monthly cap; a refusal stops its order. Safe to repeat and to race.
    A top-up of which Stripe does not say what became is looked at again later.
    """
    lost = Payment.objects.filter(kind=PaymentKind.TOP_UP, state=PaymentState.CREATED, created_at__lt=now - LOST_AFTER)
    for payment in lost:
        _charge(payment, interrupted=True)
    orders = TopUp.objects.filter(on=True, failure="").values_list("pk", flat=True)
    begun = [due for organization_id in orders if (due := _begin(organization_id, now)) is not None]
    for payment in begun:
        _charge(payment, interrupted=False)
    return len(begun)


def sum_top_ups(organization_id: uuid.UUID, now: datetime) -> int:
    """Cents that top-ups of this calendar month (UTC) charged or are about to charge."""
    month = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    counted = Payment.objects.filter(
        organization_id=organization_id,
        kind=PaymentKind.TOP_UP,
        created_at__gte=month,
        state__in=[PaymentState.CREATED, PaymentState.SUCCEEDED],
    )
    return sum(counted.values_list("amount_cents", flat=True))


def _check(organization_id: uuid.UUID, threshold_cents: int, amount_cents: int, month_cap_cents: int) -> None:
    customer = find_customer(organization_id)
    if customer is None or not customer.payment_method_id:
        raise NotPossible("Buy credits once, and keep the card for automatic top-up: there is none yet.")
    if not SMALLEST_CENTS <= amount_cents <= LARGEST_CENTS:
        raise NotPossible(f"Top up by ${SMALLEST_CENTS // 100:,} to ${LARGEST_CENTS // 100:,}.")
    if threshold_cents < 0:
        raise NotPossible("The balance to top up at cannot be less than nothing.")
    if month_cap_cents < amount_cents:
        raise NotPossible("The most in a month must allow for one top-up.")


@transaction.atomic
def _begin(organization_id: uuid.UUID, now: datetime) -> Payment | None:
    """The payment to make, if one is due now; under the order's lock, so that two workers begin one."""
    order = TopUp.objects.select_for_update().get(pk=organization_id)
    going_on = Payment.objects.filter(
        organization_id=organization_id, kind=PaymentKind.TOP_UP, state=PaymentState.CREATED
    ).exists()
    balance = get_balance(kind=AccountKind.CUSTOMER, organization_id=organization_id)
    low = balance < to_microcredits(order.threshold_cents)
    room = sum_top_ups(organization_id, now) + order.amount_cents <= order.month_cap_cents
    if not order.on or order.failure or going_on or not low or not room:
        return None
    return Payment.objects.create(
        organization_id=organization_id, kind=PaymentKind.TOP_UP, amount_cents=order.amount_cents, created_at=now
    )


def _charge(payment: Payment, *, interrupted: bool) -> None:
    customer = StripeCustomer.objects.get(pk=payment.organization_id)
    try:
        with talk() as client:
            intent_id = _find_intent(client, customer, payment) if interrupted else None
            intent_id = intent_id or _create_intent(client, customer, payment)
        apply_payment_intent(intent_id)
    except StripeUnavailable as error:
        logger.warning("Top-up %s must wait: %s", payment.pk, error)
    except StripeRefused as error:
        _fail(payment, str(error) if isinstance(error, PaymentRefused) else "The card cannot be used any more.")


def _create_intent(client: stripe.StripeClient, customer: StripeCustomer, payment: Payment) -> str:
    made = client.v1.payment_intents.create(
        {
            "amount": payment.amount_cents,
            "currency": CURRENCY,
            "customer": customer.stripe_id,
            "payment_method": customer.payment_method_id,
            "off_session": True,
            "confirm": True,
            "metadata": {"agora_payment": str(payment.pk), "agora_organization": str(payment.organization_id)},
        },
        {"idempotency_key": f"top-up-{payment.pk}"},
    )
    return made.id


def _find_intent(client: stripe.StripeClient, customer: StripeCustomer, payment: Payment) -> str | None:
    """What became of an interrupted charge; Stripe forgets idempotency keys after a day, but no intent."""
    if payment.payment_intent_id is not None:
        return payment.payment_intent_id
    intents = client.v1.payment_intents.list({"customer": customer.stripe_id, "limit": 100}).auto_paging_iter()
    mine = (each.id for each in intents if each.metadata.to_dict().get("agora_payment") == str(payment.pk))
    return next(mine, None)


@transaction.atomic
def _fail(payment: Payment, reason: str) -> None:
    fail_top_up(Payment.objects.select_for_update().get(pk=payment.pk), reason)
