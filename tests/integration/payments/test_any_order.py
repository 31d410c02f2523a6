"""Whatever happens at Stripe, and however events arrive: nothing is posted that did not happen, nothing twice."""

import contextlib
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from billing import api as billing
from billing.api import check_ledger
from billing.errors import ForgedEvent, NotPossible, StripeUnavailable
from billing.payments.models import Payment
from billing.payments.reconciliation import reconcile
from billing.payouts.models import Payout, PayoutAccount
from tests.integration.payments.conftest import check_books, deliver, make_payer
from tests.integration.payments.test_payouts import earn
from tests.integration.payments.test_top_ups import order, spend
from tests.stripe_simulator.client import Simulator

numbers = st.integers(0, 10_000)


class Life(RuleBasedStateMachine):
    """A payer who also earns, a Stripe, and a bad network between them. `money` is what the payer should have."""

    stripe: Simulator

    def __init__(self) -> None:
        super().__init__()
        self.stripe.reset()
        self.undo = transaction.atomic()
        self.undo.__enter__()
        self.payer = make_payer()
        self.payer.buy(self.stripe, 1_000, keep_card=True)
        order(self.payer, threshold_cents=500, amount_cents=2_000, month_cap_cents=100_000)
        billing.start_onboarding(
            organization_id=self.payer.id, email="a@example.com", again="https://a", back="https://b"
        )
        self.stripe.act("complete_onboarding", account=PayoutAccount.objects.get().stripe_id)
        self.waiting: list[str] = []
        self.paid: list[tuple[str, int]] = []
        self.refunds: list[str] = []
        self.disputes: list[str] = []
        self.clock = timezone.now()

    def teardown(self) -> None:
        """In the end everything arrives, in the wrong order, and the books agree to the cent."""
        try:
            self.stripe.make_trouble()
            events = self.stripe.all_events()
            deliver(*reversed(events), *events)
            self.run_clock()
            check_books()
        finally:
            transaction.set_rollback(True)
            self.undo.__exit__(None, None, None)

    @rule(cents=st.integers(500, 3_000))
    def begin(self, cents: int) -> None:
        self.waiting.append(str(self.payer.begin(cents).session_id))

    @precondition(lambda self: self.waiting)
    @rule(number=numbers, declined=st.booleans())
    def pay(self, number: int, declined: bool) -> None:
        session = self.waiting[number % len(self.waiting)]
        if declined:
            with pytest.raises(httpx.HTTPStatusError):
                self.stripe.act("pay_session", session=session, card="pm_card_declined")
            return
        self.waiting.remove(session)
        paid = self.stripe.act("pay_session", session=session)
        self.paid.append((paid["payment_intent"], paid["amount_total"]))

    @precondition(lambda self: self.paid)
    @rule(number=numbers, part=st.integers(1, 4))
    def refund(self, number: int, part: int) -> None:
        intent, cents = self.paid[number % len(self.paid)]
        with contextlib.suppress(httpx.HTTPStatusError):  # more than is left
            self.refunds.append(self.stripe.act("refund", payment_intent=intent, amount=cents // part)["id"])

    @precondition(lambda self: self.refunds)
    @rule()
    def fail_refund(self) -> None:
        self.stripe.act("fail_refund", refund=self.refunds.pop())

    @precondition(lambda self: self.paid)
    @rule(number=numbers)
    def dispute(self, number: int) -> None:
        intent, cents = self.paid[number % len(self.paid)]
        self.disputes.append(self.stripe.act("dispute", payment_intent=intent, amount=cents)["id"])

    @precondition(lambda self: self.disputes)
    @rule(won=st.booleans())
    def close_dispute(self, won: bool) -> None:
        self.stripe.act("close_dispute", dispute=self.disputes.pop(), won=won)

    @rule(cents=st.integers(1, 2_000))
    def spend(self, cents: int) -> None:
        spend(self.payer, cents)

    @rule(cents=st.integers(1_000, 4_000))
    def earn(self, cents: int) -> None:
        earn(self.payer, cents * 10**8)

    @rule(trouble=st.lists(st.sampled_from(["", "lose", "refuse"]), max_size=6), forget=st.booleans())
    def run_clock(self, trouble: list[str] = [], forget: bool = False) -> None:  # noqa: B006 (never changed)
        """Top-ups and payouts, over a network that loses answers; a day later Stripe has forgotten our keys."""
        self.stripe.make_trouble(*trouble)
        self.clock += timedelta(minutes=10)
        billing.run_top_ups(now=self.clock)
        with contextlib.suppress(NotPossible):
            billing.begin_payout(organization_id=self.payer.id, at=self.clock)
        for payout_id in billing.list_held_payouts():
            with contextlib.suppress(StripeUnavailable):
                billing.send_payout(payout_id)
        self.stripe.make_trouble()
        if forget:
            self.stripe.forget_keys()

    @rule(part=st.integers(2, 5))
    def reverse_transfer(self, part: int) -> None:
        for payout in Payout.objects.filter(state="paid", returned_cents=0)[:1]:
            self.stripe.act("reverse_transfer", transfer=payout.transfer_id, amount=payout.amount_cents // part)

    @rule(chosen=st.lists(numbers, min_size=1, max_size=6))
    def receive(self, chosen: list[int]) -> None:
        """Some events, in any order, new ones and old ones."""
        events = self.stripe.all_events()
        deliver(*(events[number % len(events)] for number in chosen))

    @rule(number=numbers)
    def receive_forged(self, number: int) -> None:
        events = self.stripe.all_events()
        text, signature = events[number % len(events)]
        with pytest.raises(ForgedEvent):
            billing.receive_event(payload=text.replace("evt_", "evt_x").encode(), signature=signature)

    @invariant()
    def nothing_is_posted_that_did_not_happen(self) -> None:
        report = check_ledger()
        assert report.in_order, report.faults
        told: list[dict[str, Any]] = reconcile(
            since=timezone.now() - timedelta(days=60), until=timezone.now() + timedelta(minutes=1)
        ).differences
        assert [each for each in told if each["ledger_cents"] is not None] == []
        assert Payment.objects.filter(kind="top_up", state="created").count() <= 1


def test_any_order(stripe: Simulator) -> None:
    Life.stripe = stripe
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=5,
            stateful_step_count=15,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
