"""Every request that Agora makes is one that Stripe describes."""

import re
import uuid
from datetime import UTC, datetime, timedelta

import httpx
from django.utils import timezone

from billing import api as billing
from billing.payouts.models import Payout, PayoutAccount
from tests.integration.payments.conftest import Payer, check_books, deliver
from tests.integration.payments.test_payouts import earn
from tests.integration.payments.test_top_ups import order, spend
from tests.stripe_simulator.client import Simulator

DIFFERENT_REQUESTS = 25


def live(stripe: Simulator, payer: Payer) -> None:
    """Has everything happen once."""
    payment = payer.buy(stripe, 2_000, keep_card=True)
    billing.set_tax_id(buyer=payer.buyer, kind="eu_vat", value="DE123456789")
    billing.set_tax_id(buyer=payer.buyer, kind="eu_vat", value="")
    order(payer)
    spend(payer, 1_600)
    stripe.make_trouble("lose", "lose", "lose")
    for later in (timedelta(), timedelta(hours=1)):
        billing.run_top_ups(now=timezone.now() + later)
    billing.refund_payment(payment_id=payment.pk, cents=500, request_id=uuid.uuid4())
    stripe.act("dispute", payment_intent=payment.payment_intent_id, amount=500)
    billing.set_terms(organization_id=payer.id, limit_cents=9_000, days_to_pay=14, now=datetime.now(tz=UTC))
    spend(payer, 5_000)
    next_month = (datetime.now(tz=UTC).replace(day=1) + timedelta(days=32)).replace(day=1)
    invoice = billing.issue_invoice(buyer=payer.buyer, name_members=lambda ids: {}, now=next_month)
    assert invoice is not None
    billing.push_invoice(invoice_id=invoice.pk, buyer=payer.buyer)
    invoice.refresh_from_db()
    stripe.act("pay_invoice", invoice=invoice.stripe_id)
    billing.start_onboarding(
        organization_id=payer.id, email="a@example.com", again="https://a.test", back="https://a.test"
    )
    stripe.act("complete_onboarding", account=PayoutAccount.objects.get().stripe_id)
    deliver(*stripe.new_events())
    earn(payer, 5_000 * 10**8)
    billing.send_payout(billing.begin_payout(organization_id=payer.id, at=timezone.now()).pk)
    stripe.act("reverse_transfer", transfer=Payout.objects.get().transfer_id, amount=100)
    deliver(*stripe.new_events())
    check_books()


def test_stripe_takes_each_request(stripe: Simulator, payer: Payer, stripe_mock: str) -> None:
    live(stripe, payer)
    asked: dict[str, str] = {}
    with httpx.Client(base_url=stripe_mock, headers={"Authorization": "Bearer sk_test_simulated"}) as client:
        assert client.post("/v1/refunds", data={"nonsense": "1"}).status_code == 400
        for method, address, form in stripe.list_requests():
            kind = f"{method} {re.sub('[a-z_]+_[0-9]{6}', ':id', address.partition('?')[0])}"
            headers = {"Content-Type": "application/x-www-form-urlencoded"} if method == "POST" else {}
            response = client.request(method, address, content=form, headers=headers)
            assert response.status_code == 200, f"{kind}: {form}\n{response.text}"
            asked[kind] = address
    assert len(asked) >= DIFFERENT_REQUESTS, sorted(asked)
