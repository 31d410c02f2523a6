"""What Stripe tells: checked, kept as it came, and processed afterwards, once."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any, cast

import stripe
from django.conf import settings
from django.db import transaction
from django.db.models import DurationField, ExpressionWrapper, F, Value
from django.utils import timezone

from billing.errors import ForgedEvent, PaymentsDisabled, StripeRefused, StripeUnavailable
from billing.payments.client import is_enabled
from billing.payments.intents import apply_payment_intent, apply_session
from billing.payments.invoices import apply_invoice
from billing.payments.models import Invoice, InvoiceState, Payment, PaymentKind, PaymentState, StripeEvent

Handler = Callable[[dict[str, Any]], None]
"""Takes the object that an event is about, as it was then: good for its id, and for nothing else."""

MOST_ATTEMPTS = 60
RETRY_AFTER = timedelta(minutes=1)
"""The first time; the waits grow, and the last attempt is two and a half days after the event."""


def receive_event(*, payload: bytes, signature: str) -> str:
    """Keeps an event that Stripe signed less than five minutes ago, and answers its id. Again: harmless.

    Raises ForgedEvent, PaymentsDisabled.
    """
    if not is_enabled():
        raise PaymentsDisabled("This platform takes no payments.")
    try:
        text = payload.decode()
        event = _read_signed(text, signature)
        row = StripeEvent(event_id=event.id, kind=event.type, payload=text)
    except (ValueError, AttributeError, stripe.SignatureVerificationError) as error:
        raise ForgedEvent("This is not an event that Stripe signed a moment ago.") from error
    StripeEvent.objects.bulk_create([row], ignore_conflicts=True)
    return row.event_id


def process_event(*, event_id: str, handlers: Mapping[str, Handler]) -> bool:
    """Acts on a kept event; False if that was done before. What went wrong is noted on it, and raised."""
    try:
        with transaction.atomic():
            event = StripeEvent.objects.select_for_update().filter(pk=event_id, processed_at=None).first()
            if event is None:
                return False
            _act(event, handlers)
            StripeEvent.objects.filter(pk=event_id).update(processed_at=timezone.now(), failure="")
    except Exception as error:
        waiting = StripeEvent.objects.filter(pk=event_id, processed_at=None)
        waiting.update(attempts=F("attempts") + 1, failure=f"{type(error).__name__}: {error}"[:1000])
        raise
    return True


def list_waiting_events(*, now: datetime, limit: int) -> list[str]:
    """The ids of events whose processing was lost or failed, oldest first; those that failed too often are left."""
    wait = ExpressionWrapper((F("attempts") * F("attempts") + 1) * Value(RETRY_AFTER), output_field=DurationField())
    waiting = StripeEvent.objects.filter(processed_at=None, attempts__lt=MOST_ATTEMPTS)
    due = waiting.alias(wait=wait).filter(received_at__lt=Value(now) - F("wait"))
    return list(due.order_by("received_at").values_list("pk", flat=True)[:limit])


def _read_signed(text: str, signature: str) -> stripe.Event:
    """Stripe has a secret for each of its endpoints. Raises stripe.SignatureVerificationError, ValueError."""
    *others, last = settings.STRIPE_WEBHOOK_SECRETS
    for secret in others:
        with suppress(stripe.SignatureVerificationError):
            return cast("stripe.Event", stripe.Webhook.construct_event(text, signature, secret))
    return cast("stripe.Event", stripe.Webhook.construct_event(text, signature, last))


def look_at_unfinished(*, now: datetime) -> list[str]:
    """Reads again what Stripe should have told of by now, and answers what it could not: their errors, as texts.

    Purchases that were begun an hour to three days ago, and open invoices.
    """
    begun = Payment.objects.filter(
        kind=PaymentKind.CHECKOUT, state=PaymentState.CREATED, session_id__isnull=False,
        created_at__lt=now - timedelta(hours=1), created_at__gt=now - timedelta(days=3),
    )  # fmt: skip
    open_invoices = Invoice.objects.filter(state=InvoiceState.OPEN)
    looks: list[Callable[[], None]] = [partial(apply_session, str(each.session_id)) for each in begun]
    looks += [partial(_apply_invoice, str(each.stripe_id)) for each in open_invoices]
    failures = []
    for look in looks:
        try:
            look()
        except (StripeRefused, StripeUnavailable) as error:
            failures.append(str(error))
    return failures


def _act(event: StripeEvent, handlers: Mapping[str, Handler]) -> None:
    """Calls the handler of the longest prefix of the event's kind; kinds without one are none of our business."""
    prefixes = [prefix for prefix in handlers if event.kind.startswith(prefix)]
    if prefixes:
        content = stripe.Webhook.construct_event_without_verification(event.payload)
        handlers[max(prefixes, key=len)](content.data.object.to_dict())


def _apply_intent_of(thing: dict[str, Any]) -> None:
    if intent := thing.get("payment_intent"):
        apply_payment_intent(str(intent))


def _apply_invoice(invoice_id: str) -> None:
    for intent in apply_invoice(invoice_id):
        apply_payment_intent(intent)


HANDLERS: Mapping[str, Handler] = {
    "checkout.session.": lambda session: apply_session(session["id"]),
    "payment_intent.": lambda intent: apply_payment_intent(intent["id"]),
    "charge.": _apply_intent_of,
    "refund.": _apply_intent_of,
    "invoice.": lambda invoice: _apply_invoice(invoice["id"]),
    "invoice_payment.": lambda paid: _apply_invoice(paid["invoice"]),
}
