"""Automatic top-up and refunds against localstripe, which others wrote and which sends and signs its own events."""

import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from django.utils import timezone

from billing import api as billing
from billing.payments.models import Notice, Payment, StripeCustomer, StripeEvent
from tests.integration.payments.conftest import Payer, make_payer
from tests.integration.payments.test_top_ups import order
from tests.stripe_simulator.client import SECRET

GOOD, DECLINED = "4242424242424242", "4000000000000341"


@pytest.fixture
def api(localstripe: str, settings: Any, live_server: Any) -> Iterator[httpx.Client]:
    """localstripe's API; its events go to our door."""
    settings.STRIPE_SECRET_KEY = "sk_test_12345"
    settings.STRIPE_WEBHOOK_SECRETS = ["whsec_another", SECRET]
    settings.STRIPE_API_BASE = localstripe
    with httpx.Client(base_url=localstripe, auth=("sk_test_12345", "")) as client:
        door = {"url": f"{live_server}/v1/webhooks/stripe", "secret": SECRET}
        client.post("/_config/webhooks/agora", json=door).raise_for_status()
        yield client


def with_card(api: httpx.Client, number: str) -> Payer:
    """A payer whose card is kept, and whose order is due at once."""
    payer = make_payer()
    customer = api.post("/v1/customers", data={"name": "Acme"}).json()["id"]
    card = {"card[number]": number, "card[exp_month]": "12", "card[exp_year]": "2030", "card[cvc]": "123"}
    method = api.post("/v1/payment_methods", data={"type": "card"} | card).json()["id"]
    api.post(f"/v1/payment_methods/{method}/attach", data={"customer": customer}).raise_for_status()
    StripeCustomer.objects.create(organization_id=payer.id, stripe_id=customer, payment_method_id=method)
    order(payer)
    return payer


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, list(StripeEvent.objects.values_list("kind", "failure"))
        time.sleep(0.1)


def process(kind: str) -> None:
    """Waits for an event of that kind, and acts on all that came."""
    wait_for(lambda: StripeEvent.objects.filter(kind=kind).exists())
    for event in StripeEvent.objects.all():
        for _ in range(2):
            billing.process_event(event.event_id)


def test_a_top_up_and_its_refund(api: httpx.Client) -> None:
    payer = with_card(api, GOOD)
    billing.run_top_ups(now=timezone.now())
    process("payment_intent.succeeded")
    assert payer.cents == payer.hot_cents == 2_000
    payment = Payment.objects.get()
    assert payment.state == "succeeded"
    billing.refund_payment(payment_id=payment.pk, cents=700, request_id=uuid.uuid4())
    payment.refresh_from_db()
    assert (payment.refunded_cents, payer.cents) == (700, 1_300)


def test_a_top_up_of_which_only_the_event_tells(api: httpx.Client) -> None:
    payer = with_card(api, GOOD)
    payment = Payment.objects.create(organization_id=payer.id, kind="top_up", amount_cents=2_000)
    row = StripeCustomer.objects.get()
    charge = {"amount": "2000", "currency": "usd", "customer": row.stripe_id, "payment_method": row.payment_method_id}
    more = {"confirm": "true", "off_session": "true", "metadata[agora_payment]": str(payment.pk)}
    api.post("/v1/payment_intents", data=charge | more).raise_for_status()
    process("payment_intent.succeeded")
    assert payer.cents == 2_000


def test_a_declined_card(api: httpx.Client) -> None:
    payer = with_card(api, DECLINED)
    billing.run_top_ups(now=timezone.now())
    process("payment_intent.payment_failed")
    assert (payer.cents, Payment.objects.get().state) == (0, "failed")
    assert "declined" in Notice.objects.get().text
    assert billing.run_top_ups(now=timezone.now()) == 0
