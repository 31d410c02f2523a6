"""Payments as Stripe has them, brought into our rows and the ledger.

Whatever an event says, the payment is read again from Stripe with its refunds and disputes, and every fact that is
not posted yet is posted. So events may come twice, late, or in any order: the last reading has everything, and what
was posted stays posted.
"""

import uuid
from datetime import UTC, datetime

import stripe
from django.db import transaction
from django.utils import timezone

from billing.ledger.models import TransactionKind
from billing.payments.client import CURRENCY, talk
from billing.payments.customers import remember_card
from billing.payments.invoices import apply_invoice
from billing.payments.models import PAYMENT_STEPS, Dispute, Payment, PaymentKind, PaymentState, Refund, TopUp
from billing.payments.notices import tell_owners
from billing.payments.postings import RECEIVABLES, STRIPE, customer, move

GAVE_UP = {"requires_payment_method", "requires_action", "canceled"}
"""States of an intent that nobody is there to bring further, when it is a top-up's."""


def apply_session(session_id: str) -> None:
    """Brings a Checkout session's payment up to date. One that is not ours is left alone."""
    with talk() as client:
        session = client.v1.checkout.sessions.retrieve(session_id)
    intent = session.payment_intent
    if intent is not None:
        apply_payment_intent(intent if isinstance(intent, str) else intent.id)
    if session.status == "expired":
        waiting = Payment.objects.filter(session_id=session_id, state=PaymentState.CREATED)
        waiting.update(state=PaymentState.EXPIRED)


def apply_payment_intent(intent_id: str) -> None:
    """Brings the payment up to date with its intent, refunds and disputes. One that is not ours is left alone."""
    with talk() as client:
        intent = client.v1.payment_intents.retrieve(intent_id, {"expand": ["latest_charge"]})
        charge = intent.latest_charge if isinstance(intent.latest_charge, stripe.Charge) else None
        refunds: list[stripe.Refund] = []
        disputes: list[stripe.Dispute] = []
        if charge is not None:
            refunds = list(client.v1.refunds.list({"payment_intent": intent_id, "limit": 100}).auto_paging_iter())
        if getattr(charge, "disputed", False):
            disputes = list(client.v1.disputes.list({"payment_intent": intent_id, "limit": 100}).auto_paging_iter())
    payment_id = _find_payment(intent) or _find_invoice_payment(intent_id)
    if payment_id is not None:
        _apply(payment_id, intent, charge, refunds, disputes)


@transaction.atomic
def _apply(
    payment_id: uuid.UUID,
    intent: stripe.PaymentIntent,
    charge: stripe.Charge | None,
    refunds: list[stripe.Refund],
    disputes: list[stripe.Dispute],
) -> None:
    payment = Payment.objects.select_for_update().get(pk=payment_id)
    payment.payment_intent_id = intent.id
    if intent.status == "succeeded" and charge is not None:
        _take_money(payment, intent, charge)
    elif intent.status in GAVE_UP and payment.kind == PaymentKind.TOP_UP:
        error = getattr(intent, "last_payment_error", None)
        fail_top_up(payment, getattr(error, "message", None) or "The bank wants the payer to confirm each payment.")
    if payment.state == PaymentState.SUCCEEDED:
        for refund in refunds:
            _apply_refund(payment, refund)
        for dispute in disputes:
            _apply_dispute(payment, dispute)
    payment.save()


def _take_money(payment: Payment, intent: stripe.PaymentIntent, charge: stripe.Charge) -> None:
    """Posts what arrived, which is what was asked for; an invoice pays what was advanced, all else buys credits."""
    if intent.currency != CURRENCY:
        raise ValueError(f"{intent.id} is in {intent.currency}: credits are sold for {CURRENCY} only.")
    invoiced = payment.kind == PaymentKind.INVOICE
    move(
        cause=f"payment:{intent.id}",
        kind=TransactionKind.INVOICE if invoiced else TransactionKind.PURCHASE,
        label={"invoice": "Invoice paid", "top_up": "Automatic top-up"}.get(payment.kind, "Credits bought"),
        cents=charge.amount,
        giver=STRIPE,
        taker=RECEIVABLES if invoiced else customer(payment.organization_id),
        at=timezone.now(),
    )
    if PaymentState.SUCCEEDED in PAYMENT_STEPS[payment.state]:
        payment.state, payment.failure = PaymentState.SUCCEEDED, ""
        payment.amount_cents = charge.amount
        payment.paid_at = _read_time(charge.created)
        if getattr(intent, "setup_future_usage", None) == "off_session":
            remember_card(payment.organization_id, charge)


def _apply_refund(payment: Payment, refund: stripe.Refund) -> None:
    """Posts that the money left, and, for one that the bank sent back, that it returned: both happened."""
    returned = getattr(refund, "failure_balance_transaction", None) is not None
    facts = [(f"refund:{refund.id}", refund.amount, "Refund")] if refund.balance_transaction else []
    facts += [(f"refund-failed:{refund.id}", -refund.amount, "Refund came back")] if returned else []
    for cause, cents, label in facts:
        if _take_back(payment, cause, TransactionKind.REFUND, label, cents):
            payment.refunded_cents += cents
    Refund.objects.update_or_create(
        stripe_id=refund.id,
        defaults={"state": refund.status or ""},
        create_defaults={
            "payment": payment,
            "amount_cents": refund.amount,
            "state": refund.status or "",
            "created_at": _read_time(refund.created),
        },
    )


def _apply_dispute(payment: Payment, dispute: stripe.Dispute) -> None:
    """Posts what the bank took, and what it gave back to us when we won."""
    for moved in dispute.balance_transactions:
        label = "Payment disputed" if moved.amount < 0 else "Dispute won"
        if _take_back(payment, f"dispute:{moved.id}", TransactionKind.DISPUTE, label, -moved.amount):
            payment.disputed_cents -= moved.amount
    _, new = Dispute.objects.update_or_create(
        stripe_id=dispute.id,
        defaults={"state": dispute.status},
        create_defaults={
            "payment": payment,
            "amount_cents": dispute.amount,
            "state": dispute.status,
            "reason": dispute.reason or "",
            "created_at": _read_time(dispute.created),
        },
    )
    if new:
        tell_owners(
            payment.organization_id,
            "A payment was disputed",
            f"The bank of the payer disputes a payment of ${dispute.amount / 100:,.2f}. The credits that it bought "
            "were taken back. While the balance is not above zero, calls are refused.",
        )


def _take_back(payment: Payment, cause: str, kind: TransactionKind, label: str, cents: int) -> bool:
    buyer = customer(payment.organization_id)
    return move(cause=cause, kind=kind, label=label, cents=cents, giver=buyer, taker=STRIPE, at=timezone.now())


def fail_top_up(payment: Payment, reason: str) -> None:
    """Notes that a top-up was refused, stops the next ones, and tells the owners. Once: for a locked, fresh row."""
    if PaymentState.FAILED not in PAYMENT_STEPS[payment.state]:
        return
    payment.state, payment.failure = PaymentState.FAILED, reason
    payment.save()
    TopUp.objects.filter(pk=payment.organization_id).update(failure=reason)
    tell_owners(
        payment.organization_id,
        "Automatic top-up failed",
        f"${payment.amount_cents / 100:,.2f} of credits could not be bought: {reason} Automatic top-up is off until "
        "you turn it on again.",
    )


def _find_payment(intent: stripe.PaymentIntent) -> uuid.UUID | None:
    named = intent.metadata.to_dict().get("agora_payment", "") if intent.metadata else ""
    found = Payment.objects.filter(payment_intent_id=intent.id).first()
    if found is None and (payment_id := _read_uuid(named)):
        found = Payment.objects.filter(pk=payment_id).first()
    return found.pk if found else None


def _find_invoice_payment(intent_id: str) -> uuid.UUID | None:
    """An intent that Stripe made itself, to pay one of our invoices."""
    with talk() as client:
        sought = client.v1.invoice_payments.list({"payment": {"type": "payment_intent", "payment_intent": intent_id}})
        for paid in sought.data:
            apply_invoice(paid.invoice if isinstance(paid.invoice, str) else paid.invoice.id)
    return Payment.objects.filter(payment_intent_id=intent_id).values_list("pk", flat=True).first()


def _read_uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _read_time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, tz=UTC)
