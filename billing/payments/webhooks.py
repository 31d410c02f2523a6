"""What Stripe tells: checked, kept as it came, and processed afterwards, once."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import stripe
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from billing.errors import ForgedEvent, PaymentsDisabled
from billing.payments.client import is_enabled
from billing.payments.intents import apply_payment_intent, apply_session
from billing.payments.invoices import apply_invoice
from billing.payments.models import StripeEvent

Handler = Callable[[dict[str, Any]], None]
"""Takes the object that an event is about, as it was then: good for its id, and for nothing else."""

MOST_ATTEMPTS = 60
RETRY_AFTER = timedelta(minutes=1)


def receive_event(*, payload: bytes, signature: str) -> str:
    """Keeps an event that Stripe signed less than five minutes ago, and answers its id. Again: harmless.

    Raises ForgedEvent, PaymentsDisabled.
    """
    if not is_enabled():
        raise PaymentsDisabled("This platform takes no payments.")
    try:
        text = payload.decode()
        event = stripe.Webhook.construct_event(text, signature, settings.STRIPE_WEBHOOK_SECRET)
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
    waiting = StripeEvent.objects.filter(
        processed_at=None, attempts__lt=MOST_ATTEMPTS, received_at__lt=now - RETRY_AFTER
    )
    return list(waiting.order_by("received_at").values_list("pk", flat=True)[:limit])


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
