"""Where Stripe tells what happened. It signs each event: no key of ours is asked for."""

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from billing import api as billing
from billing.errors import ForgedEvent, PaymentsDisabled
from marketplace.payments.tasks import process_event


@csrf_exempt
@require_POST
@transaction.atomic
def receive_stripe_event(request: HttpRequest) -> HttpResponse:
    """Keeps the event, answers, and has a worker act on it. Should the worker not be told, it looks by itself."""
    try:
        signature = request.headers.get("Stripe-Signature", "")
        event_id = billing.receive_event(payload=request.body, signature=signature)
    except PaymentsDisabled:
        return HttpResponse(status=404)
    except ForgedEvent as error:
        return HttpResponse(f"{error}\n", status=400, content_type="text/plain")
    transaction.on_commit(lambda: process_event.delay(event_id), robust=True)
    return HttpResponse()
