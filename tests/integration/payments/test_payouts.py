"""Earnings go to their author once: held, sent, settled or given back."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from billing import api as billing
from billing.errors import NotPossible, StripeUnavailable
from billing.ledger.models import AccountKind, LedgerAccount, TransactionKind
from billing.ledger.services import Movement, open_account, post_transaction
from billing.payments.client import talk
from billing.payments.models import Notice
from billing.payouts.models import Payout, PayoutAccount
from tests.integration.payments.conftest import Payer, check_books, deliver
from tests.stripe_simulator.client import Simulator

EARNED = 5_000


@pytest.fixture
def author(stripe: Simulator, payer: Payer) -> Payer:
    """An author who can be paid, and earned 5,000 cents and a fraction."""
    address = billing.start_onboarding(
        organization_id=payer.id, email="a@example.com", again="https://agora.test/again", back="https://agora.test/"
    )
    assert address.startswith("https://connect.stripe.example/acct_")
    earn(payer, EARNED * 10**8 + 5)
    with pytest.raises(NotPossible, match="where the money goes"):
        begin(payer)
    stripe.act("complete_onboarding", account=PayoutAccount.objects.get().stripe_id)
    deliver(*stripe.new_events())
    return payer


def earn(payer: Payer, amount: int) -> None:
    movements = [
        Movement(open_account(kind=AccountKind.PROMOTIONS), -amount),
        Movement(open_account(kind=AccountKind.AUTHOR, organization_id=payer.id), amount),
    ]
    post_transaction(
        transaction_id=uuid.uuid4(), kind=TransactionKind.CORRECTION, cause="earned", movements=movements,
        posted_at=timezone.now(),
    )  # fmt: skip


def begin(payer: Payer) -> Payout:
    return billing.begin_payout(organization_id=payer.id, at=timezone.now())


def held() -> int:
    return LedgerAccount.objects.get(kind=AccountKind.PAYOUTS_HELD).balance // 10**8


def test_all_that_was_earned_goes_once(stripe: Simulator, author: Payer) -> None:
    assert billing.run_payouts(now=timezone.now()) == 1
    assert (billing.get_earnings(author.id), held()) == (5, EARNED)
    with pytest.raises(NotPossible, match="on its way"):
        begin(author)
    (payout_id,) = billing.list_held_payouts()
    for _ in range(3):
        billing.send_payout(payout_id)
    deliver(*stripe.new_events(), *stripe.all_events())
    payout = Payout.objects.get()
    assert (payout.state, payout.amount_cents, held(), billing.list_held_payouts()) == ("paid", EARNED, 0, [])
    assert billing.run_payouts(now=timezone.now()) == 0
    check_books()


def test_an_answer_that_got_lost_pays_once(stripe: Simulator, author: Payer) -> None:
    payout = begin(author)
    stripe.make_trouble("", "lose", "lose", "lose")
    with pytest.raises(StripeUnavailable):
        billing.send_payout(payout.pk)
    assert (held(), billing.get_earnings(author.id)) == (EARNED, 5)
    stripe.forget_keys()
    billing.send_payout(payout.pk)
    payout.refresh_from_db()
    assert payout.state == "paid"
    check_books()


def test_the_event_may_be_faster_than_the_answer(stripe: Simulator, author: Payer) -> None:
    payout = begin(author)
    stripe.make_trouble("", "lose", "refuse", "refuse")
    with pytest.raises(StripeUnavailable):
        billing.send_payout(payout.pk)
    deliver(*stripe.new_events())
    payout.refresh_from_db()
    assert payout.state == "paid"
    billing.send_payout(payout.pk)
    check_books()


def test_what_stripe_refuses_is_given_back_and_told(stripe: Simulator, author: Payer) -> None:
    payout = begin(author)
    stripe.act("restrict_account", account=PayoutAccount.objects.get().stripe_id)
    billing.send_payout(payout.pk)
    billing.send_payout(payout.pk)
    payout.refresh_from_db()
    assert (payout.state, held(), billing.get_earnings(author.id)) == ("failed", 0, EARNED * 10**8 + 5)
    assert "cannot take transfers" in Notice.objects.get().text
    deliver(*stripe.new_events())
    with pytest.raises(NotPossible):
        begin(author)
    check_books()


def test_what_went_although_it_was_refused_is_taken_again(stripe: Simulator, author: Payer) -> None:
    payout = begin(author)
    account = PayoutAccount.objects.get().stripe_id
    stripe.act("restrict_account", account=account)
    billing.send_payout(payout.pk)
    assert billing.get_earnings(author.id) == EARNED * 10**8 + 5
    stripe.act("complete_onboarding", account=account)
    with talk() as client:
        client.v1.transfers.create(
            {
                "amount": EARNED,
                "currency": "usd",
                "destination": account,
                "transfer_group": f"payout-{payout.pk}",
                "metadata": {"agora_payout": str(payout.pk)},
            }
        )
    events = stripe.new_events()
    deliver(*events, *events)
    payout.refresh_from_db()
    assert (payout.state, payout.failure, held(), billing.get_earnings(author.id)) == ("paid", "", 0, 5)
    check_books()


def test_a_transfer_that_is_reversed_is_earned_again(stripe: Simulator, author: Payer) -> None:
    payout = begin(author)
    billing.send_payout(payout.pk)
    payout.refresh_from_db()
    for amount in (1_500, 500):
        stripe.act("reverse_transfer", transfer=payout.transfer_id, amount=amount)
    events = stripe.new_events()
    deliver(*reversed(events), *events)
    payout.refresh_from_db()
    assert (payout.returned_cents, billing.get_earnings(author.id)) == (2_000, 2_000 * 10**8 + 5)
    check_books()


def test_a_little_waits_for_the_threshold(stripe: Simulator, author: Payer) -> None:
    billing.send_payout(begin(author).pk)
    earn(author, 2_499 * 10**8)
    with pytest.raises(NotPossible, match=r"start at \$25\.00"):
        begin(author)
    assert billing.run_payouts(now=timezone.now() + timedelta(days=1)) == 0
    earn(author, 10**8)
    billing.set_automatic(organization_id=author.id, automatic=False)
    assert billing.run_payouts(now=timezone.now() + timedelta(days=1)) == 0
    assert begin(author).amount_cents == 2_500
