"""Several workers at the same work at the same time: money moves once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from django.db import connection
from django.utils import timezone

from billing import api as billing
from billing.errors import NotPossible
from billing.payments.models import Payment, StripeEvent
from billing.payouts.models import Payout, PayoutAccount
from tests.integration.payments.conftest import Payer, check_books, deliver
from tests.integration.payments.test_payouts import earn
from tests.integration.payments.test_top_ups import order, spend
from tests.stripe_simulator.client import Simulator

WORKERS = 6


def at_once(work: Callable[[], object]) -> None:
    """Does it in WORKERS threads, each with a database connection of its own."""

    def work_and_leave() -> None:
        try:
            work()
        finally:
            connection.close()

    with ThreadPoolExecutor(WORKERS) as pool:
        for done in [pool.submit(work_and_leave) for _ in range(WORKERS)]:
            done.result()


@pytest.mark.django_db(transaction=True)
def test_money_moves_once(stripe: Simulator, payer: Payer, transactional_db: None) -> None:
    payment = payer.begin(2_000, keep_card=True)
    stripe.act("pay_session", session=payment.session_id)
    events = stripe.new_events()
    at_once(lambda: deliver(*events))
    assert payer.cents == payer.hot_cents == 2_000
    assert StripeEvent.objects.filter(processed_at=None).count() == 0
    payment.refresh_from_db()
    for _ in range(10):
        stripe.act("refund", payment_intent=payment.payment_intent_id, amount=100)
    at_once(lambda: billing.look_again(payment))
    payment.refresh_from_db()
    assert (payment.refunded_cents, payer.cents) == (1_000, 1_000)

    order(payer)
    spend(payer, 600)
    at_once(lambda: billing.run_top_ups(now=timezone.now()))
    assert Payment.objects.filter(kind="top_up").count() == 1
    assert payer.cents == 2_400

    billing.start_onboarding(
        organization_id=payer.id, email="a@example.com", again="https://a.test", back="https://a.test"
    )
    stripe.act("complete_onboarding", account=PayoutAccount.objects.get().stripe_id)
    deliver(*stripe.new_events())
    earn(payer, 5_000 * 10**8)

    def pay_out() -> None:
        with suppress(NotPossible):
            billing.begin_payout(organization_id=payer.id, at=timezone.now())
        for payout_id in billing.list_held_payouts():
            billing.send_payout(payout_id)

    at_once(pay_out)
    assert [(each.state, each.amount_cents) for each in Payout.objects.all()] == [("paid", 5_000)]
    check_books()
