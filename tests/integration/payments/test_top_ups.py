"""Automatic top-up: once for each low balance, within its cap, and never again at a card that was refused."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from billing import api as billing
from billing.errors import NotPossible
from billing.ledger.models import AccountKind, TransactionKind
from billing.ledger.services import Movement, open_account, post_transaction
from billing.metering.hot_balances import add_on_commit
from billing.payments.models import Notice, Payment, StripeCustomer, TopUp
from tests.integration.payments.conftest import Payer, check_books, deliver
from tests.stripe_simulator.client import Simulator

MONTH_CAP = 6_000


def order(payer: Payer, **changes: object) -> None:
    usual = {"threshold_cents": 500, "amount_cents": 2_000, "month_cap_cents": MONTH_CAP, "on": True}
    billing.set_top_up(organization_id=payer.id, **usual | changes)


def spend(payer: Payer, cents: int, kind: TransactionKind = TransactionKind.CORRECTION) -> uuid.UUID:
    """As calls do, to the platform; answers the transaction."""
    transaction_id = uuid.uuid4()
    amount = cents * 100_000_000
    movements = [
        Movement(open_account(kind=AccountKind.CUSTOMER, organization_id=payer.id), -amount),
        Movement(open_account(kind=AccountKind.PLATFORM_REVENUE), amount),
    ]
    post_transaction(
        transaction_id=transaction_id, kind=kind, cause="spent", movements=movements,
        posted_at=timezone.now(),
    )  # fmt: skip
    add_on_commit(organization_id=payer.id, amount=-amount)
    return transaction_id


@pytest.fixture
def low(stripe: Simulator, payer: Payer) -> Payer:
    """A payer with a card, an order, and 400 cents left."""
    payer.buy(stripe, 2_000, keep_card=True)
    order(payer)
    spend(payer, 1_600)
    return payer


def run(later: timedelta = timedelta()) -> int:
    return billing.run_top_ups(now=timezone.now() + later)


def test_a_low_balance_is_filled_once(stripe: Simulator, low: Payer) -> None:
    assert (run(), run()) == (1, 0)
    assert low.cents == low.hot_cents == 2_400
    deliver(*stripe.new_events())
    assert low.cents == 2_400
    check_books()


def test_a_balance_that_is_high_enough_is_left_alone(stripe: Simulator, payer: Payer) -> None:
    payer.buy(stripe, keep_card=True)
    order(payer)
    assert run() == 0


def test_the_month_has_a_cap(stripe: Simulator, low: Payer) -> None:
    for _ in range(5):
        run()
        spend(low, 2_000)
    assert Payment.objects.filter(kind="top_up").count() == MONTH_CAP // 2_000
    assert billing.sum_top_ups(low.id, timezone.now()) == MONTH_CAP
    next_month = (datetime.now(tz=UTC).replace(day=1) + timedelta(days=32)) - timezone.now()
    assert run(next_month) == 1
    check_books()


@pytest.mark.parametrize(
    ("card", "reason"), [("pm_card_declined", "declined"), ("pm_card_authenticate", "asks its owner")]
)
def test_a_refusal_stops_it_and_tells_the_owners(stripe: Simulator, low: Payer, card: str, reason: str) -> None:
    StripeCustomer.objects.update(payment_method_id=card)
    assert run() == 1
    assert [run() for _ in range(3)] == [0, 0, 0]
    deliver(*stripe.new_events(), *stripe.all_events())
    (notice,) = Notice.objects.all()
    assert reason in notice.text
    assert reason in TopUp.objects.get().failure
    assert Payment.objects.filter(kind="top_up", state="failed").count() == 1
    StripeCustomer.objects.update(payment_method_id="pm_card_visa")
    order(low)  # the owner turns it on again
    assert (run(), low.cents) == (1, 2_400)
    check_books()


def test_an_answer_that_got_lost_charges_once(stripe: Simulator, low: Payer) -> None:
    stripe.make_trouble("lose", "lose", "lose")
    assert run() == 1
    assert (run(), low.cents) == (0, 400)  # it is not known yet, so that nothing new begins
    stripe.forget_keys()  # a day later, Stripe would charge again if asked again
    assert run(timedelta(days=1)) == 0
    assert low.cents == 2_400
    deliver(*stripe.all_events())
    assert low.cents == 2_400
    check_books()


def test_an_event_that_is_faster_than_the_answer_is_enough(stripe: Simulator, low: Payer) -> None:
    stripe.make_trouble("lose", "refuse", "refuse")
    assert run() == 1
    assert low.cents == 400
    deliver(*stripe.new_events())
    assert (low.cents, run(timedelta(days=1))) == (2_400, 0)
    check_books()


def test_without_stripe_the_charge_is_made_later(stripe: Simulator, low: Payer) -> None:
    stripe.make_trouble("refuse", "refuse", "refuse")
    assert run() == 1
    assert low.cents == 400
    assert run(timedelta(minutes=5)) == 0
    assert low.cents == 2_400
    check_books()


@pytest.mark.parametrize(
    "changes", [{"amount_cents": 1}, {"month_cap_cents": 1_000}, {"threshold_cents": -1}, {"amount_cents": 10**9}]
)
def test_an_order_that_makes_no_sense_is_refused(stripe: Simulator, low: Payer, changes: dict[str, int]) -> None:
    with pytest.raises(NotPossible):
        order(low, **changes)


def test_an_order_needs_a_card(stripe: Simulator, payer: Payer) -> None:
    payer.buy(stripe)
    with pytest.raises(NotPossible, match="keep the card"):
        order(payer)
