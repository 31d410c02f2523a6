"""Buying credits by Checkout, and giving money back."""

import uuid
from datetime import timedelta
from typing import Any, NamedTuple

import stripe
from django.utils import timezone

from billing.errors import NotPossible
from billing.payments.client import CURRENCY, talk
from billing.payments.customers import Buyer, ensure_customer
from billing.payments.intents import apply_payment_intent, apply_session
from billing.payments.models import Payment, PaymentKind, PaymentState

SMALLEST_CENTS = 500
LARGEST_CENTS = 1_000_000
MOST_UNPAID = 20
"""Purchases of one organization that may wait to be paid: Stripe is asked about each, until it expires after a day."""


class CheckoutPage(NamedTuple):
    """Where the buyer goes to pay."""

    payment_id: uuid.UUID
    url: str


def start_checkout(*, buyer: Buyer, cents: int, keep_card: bool, back: str) -> CheckoutPage:
    """Begins a purchase of credits for `cents`; the buyer pays at `url` and returns to `back`, paid or not.

    `keep_card` lets automatic top-ups use the card. Raises NotPossible, PaymentsDisabled, StripeUnavailable,
    StripeRefused.
    """
    if not SMALLEST_CENTS <= cents <= LARGEST_CENTS:
        raise NotPossible(f"Choose from ${SMALLEST_CENTS // 100:,} to ${LARGEST_CENTS // 100:,}.")
    if _count_unpaid(buyer.organization_id) >= MOST_UNPAID:
        raise NotPossible(f"{MOST_UNPAID} purchases were begun in a day and not paid: pay one of them, or wait.")
    with talk() as client:
        customer = ensure_customer(client, buyer)
        payment = Payment.objects.create(
            organization_id=buyer.organization_id, kind=PaymentKind.CHECKOUT, amount_cents=cents
        )
        params = _checkout(payment, customer.stripe_id, keep_card, back)
        try:
            session = client.v1.checkout.sessions.create(params, {"idempotency_key": f"checkout-{payment.pk}"})
        except stripe.StripeError:
            payment.delete()  # nobody was sent to pay it
            raise
    Payment.objects.filter(pk=payment.pk).update(session_id=session.id)
    return CheckoutPage(payment.pk, session.url or "")


def refund_payment(*, payment_id: uuid.UUID, cents: int, request_id: uuid.UUID) -> None:
    """Gives `cents` of a payment back, and takes the credits; `request_id` makes a repetition harmless.

    The balance may become negative: calls are then refused. Raises NotPossible, PaymentsDisabled, StripeUnavailable,
    StripeRefused.
    """
    payment = Payment.objects.get(pk=payment_id)
    if payment.state != PaymentState.SUCCEEDED or payment.payment_intent_id is None:
        raise NotPossible("This payment did not arrive, so that there is nothing to give back.")
    if not 0 < cents <= payment.amount_cents:  # whether so much is left, Stripe knows
        raise NotPossible(f"Of this payment, at most ${payment.amount_cents / 100:,.2f} can be given back.")
    with talk() as client:
        client.v1.refunds.create(
            {"payment_intent": payment.payment_intent_id, "amount": cents},
            {"idempotency_key": f"refund-{request_id}"},
        )
    apply_payment_intent(payment.payment_intent_id)


def look_again(payment: Payment) -> None:
    """Reads at Stripe how the payment stands, for when its event is late. Raises as `talk` does."""
    if payment.session_id is not None:
        apply_session(payment.session_id)
    elif payment.payment_intent_id is not None:
        apply_payment_intent(payment.payment_intent_id)


def _count_unpaid(organization_id: uuid.UUID) -> int:
    begun = Payment.objects.filter(
        organization_id=organization_id, kind=PaymentKind.CHECKOUT, state=PaymentState.CREATED,
        created_at__gt=timezone.now() - timedelta(days=1),
    )  # fmt: skip
    return begun.count()


def _checkout(payment: Payment, customer_id: str, keep_card: bool, back: str) -> Any:
    metadata = {"agora_payment": str(payment.pk), "agora_organization": str(payment.organization_id)}
    product = {"name": "Agora credits", "description": "Credits to call algorithms with."}
    price = {"currency": CURRENCY, "unit_amount": payment.amount_cents, "product_data": product}
    intent: dict[str, Any] = {"metadata": metadata}
    if keep_card:
        intent["setup_future_usage"] = "off_session"
    return {
        "mode": "payment",
        "customer": customer_id,
        "client_reference_id": str(payment.pk),
        "metadata": metadata,
        "line_items": [{"quantity": 1, "price_data": price}],
        "payment_intent_data": intent,
        "success_url": f"{back}?payment={payment.pk}",
        "cancel_url": back,
    }
