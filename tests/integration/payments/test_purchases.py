"""Buying credits by Checkout, refunds and disputes: credits equal money, however events arrive."""

import itertools
import random
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from billing import api as billing
from billing.errors import ForgedEvent, NotPossible, PaymentsDisabled, StripeRefused, StripeUnavailable
from billing.payments.client import talk
from billing.payments.models import Notice, Payment, StripeCustomer, StripeEvent
from billing.payments.purchases import MOST_UNPAID
from tests.integration.payments.conftest import Payer, check_books, deliver, make_payer
from tests.stripe_simulator.client import Delivery, Simulator


def test_paid_credits_arrive_once_and_can_be_spent_at_once(stripe: Simulator, payer: Payer) -> None:
    payment = payer.begin(2_000)
    assert (payment.state, payer.cents) == ("created", 0)
    stripe.act("pay_session", session=payment.session_id)
    events = stripe.new_events()
    deliver(*events, *events, *reversed(events))
    payment.refresh_from_db()
    assert (payment.state, payer.cents, payer.hot_cents) == ("succeeded", 2_000, 2_000)
    (line,) = [entry for entry in billing.list_entries(payer.id, 5) if entry.kind == "purchase"]
    assert (line.amount, line.cause) == (200_000 * billing.CREDIT, "Credits bought")
    check_books()


def test_the_buyer_who_comes_back_before_the_event_has_the_credits(stripe: Simulator, payer: Payer) -> None:
    payment = payer.begin()
    stripe.act("pay_session", session=payment.session_id)
    billing.look_again(payment)
    assert payer.cents == 2_000
    deliver(*stripe.new_events())
    assert payer.cents == 2_000
    check_books()


def test_a_declined_card_and_then_a_good_one_pay_once(stripe: Simulator, payer: Payer) -> None:
    payment = payer.begin()
    with pytest.raises(Exception, match="402"):
        stripe.act("pay_session", session=payment.session_id, card="pm_card_declined")
    declined = stripe.new_events()
    deliver(*declined)
    payment.refresh_from_db()
    assert (payment.state, payer.cents) == ("created", 0)
    stripe.act("pay_session", session=payment.session_id)
    deliver(*stripe.new_events(), *declined)
    assert payer.cents == 2_000
    check_books()


def test_nobody_begins_purchases_without_end(stripe: Simulator, payer: Payer) -> None:
    first, *_ = [payer.begin() for _ in range(MOST_UNPAID)]
    with pytest.raises(NotPossible, match="not paid"):
        payer.begin()
    stripe.act("pay_session", session=first.session_id)
    deliver(*stripe.new_events())
    payer.begin()


def test_a_session_that_nobody_pays_expires(stripe: Simulator, payer: Payer) -> None:
    payment = payer.begin()
    stripe.act("expire_session", session=payment.session_id)
    deliver(*stripe.new_events())
    payment.refresh_from_db()
    assert (payment.state, payer.cents) == ("expired", 0)


def test_every_order_of_a_life_of_events_ends_the_same(stripe: Simulator) -> None:
    orders = random.sample(list(itertools.permutations(range(4))), 4)
    for number, order in enumerate(orders):
        payer = make_payer(f"Payer{number}")
        payment = payer.begin(3_000)
        stripe.act("pay_session", session=payment.session_id)
        intent = stripe_intent(payer)
        stripe.act("refund", payment_intent=intent, amount=500)
        dispute = stripe.act("dispute", payment_intent=intent, amount=1_000)
        stripe.act("close_dispute", dispute=dispute["id"], won=order[0] % 2 == 0)
        events = stripe.new_events()
        parts = [events[0:3], events[3:5], events[5:7], events[7:]]
        deliver(*(each for index in order for each in parts[index]))
        assert payer.cents == (2_500 if order[0] % 2 == 0 else 1_500)
    check_books()


def stripe_intent(payer: Payer) -> str:
    """Known at Stripe, whether we have heard of it or not."""
    payment = Payment.objects.get(organization_id=payer.id)
    with talk() as client:
        return str(client.v1.checkout.sessions.retrieve(str(payment.session_id)).payment_intent)


def test_a_refund_takes_the_credits_and_may_overdraw(stripe: Simulator, payer: Payer) -> None:
    payment = payer.buy(stripe)
    request = uuid.uuid4()
    for _ in range(2):
        billing.refund_payment(payment_id=payment.pk, cents=1_500, request_id=request)
    deliver(*stripe.new_events())
    assert payer.cents == payer.hot_cents == 500
    with pytest.raises(StripeRefused, match="greater than unrefunded"):
        billing.refund_payment(payment_id=payment.pk, cents=501, request_id=uuid.uuid4())
    billing.refund_payment(payment_id=payment.pk, cents=500, request_id=uuid.uuid4())
    payment.refresh_from_db()
    assert (payer.cents, payment.refunded_cents) == (0, 2_000)
    check_books()


def test_a_refund_that_the_bank_sends_back_gives_the_credits_back(stripe: Simulator, payer: Payer) -> None:
    payment = payer.buy(stripe)
    refund = stripe.act("refund", payment_intent=payment.payment_intent_id, amount=700)
    early = stripe.new_events()
    stripe.act("fail_refund", refund=refund["id"])
    late = stripe.new_events()
    deliver(*late, *early, *late)
    payment.refresh_from_db()
    assert (payer.cents, payment.refunded_cents) == (2_000, 0)
    check_books()


def test_a_dispute_takes_the_credits_and_a_won_one_returns_them(stripe: Simulator, payer: Payer) -> None:
    payment = payer.buy(stripe)
    dispute = stripe.act("dispute", payment_intent=payment.payment_intent_id, amount=2_000)
    opened = stripe.new_events()
    deliver(*opened, *opened)
    assert payer.cents == payer.hot_cents == 0
    assert [notice.subject for notice in Notice.objects.all()] == ["A payment was disputed"]
    stripe.act("close_dispute", dispute=dispute["id"], won=True)
    deliver(*stripe.new_events(), *opened)
    payment.refresh_from_db()
    assert (payer.cents, payment.disputed_cents) == (2_000, 0)
    assert billing.list_disputes().get().state == "won"
    check_books()


def test_a_forged_event_does_nothing(stripe: Simulator, payer: Payer) -> None:
    payment = payer.begin()
    stripe.act("pay_session", session=payment.session_id)
    for each in stripe.new_events():
        text, signature = each
        forgeries = [
            Delivery(text.replace("2000", "9000"), signature),
            Delivery(text, signature.replace("v1=", "v1=0")),
            Delivery(text, signature.replace("t=", "t=1")),
            Delivery(text, ""),
            Delivery("", signature),
            Delivery(text, "nonsense"),
        ]
        for forged in forgeries:
            if forged.payload == text and forged.signature == signature:
                continue
            with pytest.raises(ForgedEvent):
                billing.receive_event(payload=forged.payload.encode(), signature=forged.signature)
    with pytest.raises(ForgedEvent):
        billing.receive_event(payload=b"\xff", signature="t=1,v1=1")
    assert not StripeEvent.objects.exists()
    assert payer.cents == 0


def test_an_event_that_says_what_is_not_so_is_not_believed(stripe: Simulator, payer: Payer) -> None:
    payment = payer.begin()
    stripe.act("pay_session", session=payment.session_id)
    paid = stripe.new_events()
    stripe.act("refund", payment_intent=stripe_intent(payer), amount=2_000)
    deliver(*paid)  # old news: by now the money is gone again
    assert payer.cents == 0
    check_books()


def test_what_stripe_does_not_answer_is_tried_again(stripe: Simulator, payer: Payer) -> None:
    payment = payer.begin()
    stripe.act("pay_session", session=payment.session_id)
    event = stripe.new_events()[0]
    event_id = billing.receive_event(payload=event.payload.encode(), signature=event.signature)
    stripe.make_trouble(*["refuse"] * 3)  # the library tries three times by itself
    with pytest.raises(StripeUnavailable):
        billing.process_event(event_id)
    kept = StripeEvent.objects.get()
    assert (kept.attempts, kept.processed_at, payer.cents) == (1, None, 0)
    assert "StripeUnavailable" in kept.failure
    assert billing.process_event(event_id)
    assert not billing.process_event(event_id)
    assert payer.cents == 2_000
    check_books()


def test_a_failing_event_waits_longer_each_time(stripe: Simulator, payer: Payer) -> None:
    payer.buy(stripe)
    event = StripeEvent.objects.first()
    assert event is not None
    for attempts, minutes in ((0, 1), (2, 5), (10, 101), (60, None)):
        StripeEvent.objects.update(processed_at=timezone.now())
        StripeEvent.objects.filter(pk=event.pk).update(processed_at=None, attempts=attempts, received_at=timezone.now())
        for after in range(0, 5_000, 1):
            due = billing.list_waiting_events(now=timezone.now() + timedelta(minutes=after, seconds=30), limit=9)
            if due or after > 200:
                assert (after if due else None) == minutes
                break


def test_what_no_event_told_is_looked_up(stripe: Simulator, payer: Payer) -> None:
    paid, expired = payer.begin(), payer.begin()
    stripe.act("pay_session", session=paid.session_id)
    stripe.act("expire_session", session=expired.session_id)
    later = timezone.now() + timedelta(hours=2)
    stripe.make_trouble(*["refuse"] * 3)
    assert len(billing.look_at_unfinished(now=later)) == 1
    assert billing.look_at_unfinished(now=later) == []
    assert payer.cents == 2_000
    assert sorted(Payment.objects.values_list("state", flat=True)) == ["expired", "succeeded"]
    assert billing.look_at_unfinished(now=later) == []
    check_books()


def test_a_purchase_that_stripe_does_not_begin_is_none(stripe: Simulator, payer: Payer) -> None:
    stripe.make_trouble("", *["refuse"] * 3)
    with pytest.raises(StripeUnavailable):
        payer.begin()
    assert not Payment.objects.exists()


def test_events_about_what_is_not_ours_are_let_be(stripe: Simulator, payer: Payer) -> None:
    payment = payer.begin()
    stripe.act("pay_session", session=payment.session_id)
    Payment.objects.all().delete()
    deliver(*stripe.new_events())
    assert payer.cents == 0
    assert not StripeEvent.objects.filter(processed_at=None).exists()


def test_an_answer_that_gets_lost_makes_one_customer_and_one_session(stripe: Simulator, payer: Payer) -> None:
    stripe.make_trouble("lose", "", "lose")
    payer.begin()
    assert StripeCustomer.objects.count() == 1
    payer.buy(stripe)
    assert payer.cents == 2_000


@pytest.mark.parametrize("cents", [0, -5, 499, 1_000_001])
def test_an_amount_has_bounds(stripe: Simulator, payer: Payer, cents: int) -> None:
    with pytest.raises(NotPossible):
        payer.begin(cents)


def test_without_a_key_nothing_is_sold(payer: Payer, settings: object) -> None:
    settings.STRIPE_SECRET_KEY = ""  # type: ignore[attr-defined]
    assert not billing.payments_enabled()
    with pytest.raises(PaymentsDisabled):
        payer.begin()
    with pytest.raises(PaymentsDisabled):
        billing.receive_event(payload=b"{}", signature="")


def test_a_tax_number_is_kept_at_stripe_and_here(stripe: Simulator, payer: Payer) -> None:
    billing.set_tax_id(buyer=payer.buyer, kind="eu_vat", value="DE123456789")
    with pytest.raises(StripeRefused, match="Invalid value"):
        billing.set_tax_id(buyer=payer.buyer, kind="eu_vat", value="?")
    row = StripeCustomer.objects.get()
    assert (row.tax_id_type, row.tax_id) == ("eu_vat", "DE123456789")
    billing.set_tax_id(buyer=payer.buyer, kind="eu_vat", value="FR12345678901")
    billing.set_tax_id(buyer=payer.buyer, kind="eu_vat", value="")
    row.refresh_from_db()
    assert (row.tax_id, row.tax_id_stripe_id) == ("", "")
