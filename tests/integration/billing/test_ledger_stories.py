"""Whatever happens in whatever order, up to payouts that come back: nothing is lost, doubled or out of step."""

import uuid
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

import psycopg
import pytest
import redis
import stripe
from django.core.management import call_command
from django.db.models import Sum
from django.utils import timezone
from hypothesis import Phase
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from pytest_django import Settings

from billing.api import (
    MeterEvent,
    begin_payout,
    check_ledger,
    close_books,
    get_balance,
    get_earnings,
    get_price,
    grant_credits,
    open_account,
    rate,
    rebuild_hot_balances,
    set_price,
    share_royalty,
)
from billing.errors import NotPossible
from billing.ledger.models import LedgerAccount, TransactionKind
from billing.metering.drain import Drain
from billing.metering.events import BALANCES, STREAM
from billing.metering.models import CallRecord, UsageDay, UsageHour, UsageMinute
from billing.payments.postings import STRIPE, customer, move, to_microcredits
from billing.payouts.models import Payout, PayoutAccount, PayoutState
from billing.payouts.services import _give_back, _settle

from .conftest import append_events, database_address, make_event

PARTIES = 3
parties = st.integers(0, PARTIES - 1)
outcomes = st.sampled_from(["ok", "ok", "ok", "algorithm_error", "crashed"])


class LedgerStories(RuleBasedStateMachine):
    """Organizations that buy, call, earn and are paid; `hot`, `posted` and `earned` say what each must have."""

    def __init__(self, client: redis.Redis) -> None:
        super().__init__()
        self.client = client
        self.connection = psycopg.connect(database_address(), autocommit=True)
        self.drain = Drain(self.connection, client, share_royalty)
        self.organizations = [uuid.uuid4() for _ in range(PARTIES)]
        self.version = uuid.uuid4()
        self.hot: Counter[uuid.UUID] = Counter()
        self.posted: Counter[uuid.UUID] = Counter()
        self.earned: Counter[uuid.UUID] = Counter()
        self.waiting: list[MeterEvent] = []
        self.events: list[MeterEvent] = []
        for number, organization in enumerate(self.organizations):
            open_account(organization_id=organization, free_credits=0)
            PayoutAccount.objects.create(pk=organization, stripe_id=f"acct_{organization}", payouts_enabled=number > 0)

    def teardown(self) -> None:
        """Each story begins with empty books, so that one that failed fails alike when it is told again."""
        self.connection.close()
        call_command("flush", verbosity=0, interactive=False, allow_cascade=True, inhibit_post_migrate=True)
        self.client.delete(STREAM, BALANCES)

    def _credit(self, organization: uuid.UUID, amount: int) -> None:
        self.hot[organization] += amount
        self.posted[organization] += amount

    @rule(payer=parties, author=parties, run_us=st.integers(0, 10_000_000), outcome=outcomes)
    def call(self, payer: int, author: int, run_us: int, outcome: str) -> None:
        price = get_price(self.version, timezone.now())
        charge = rate(
            price_compute_per_second=price.compute_per_second,
            price_royalty_per_call=price.royalty_per_call,
            run_us=run_us,
            outcome=outcome,
        )
        organization = self.organizations[payer]
        event = make_event(
            call_id=str(uuid.uuid4()),  # hypothesis repeats what `random` says
            payer_id=str(organization),
            author_id=str(self.organizations[author]),
            version_id=str(self.version),
            run_us=run_us,
            outcome=outcome,
            compute_charge=charge.compute,
            royalty_charge=charge.royalty,
        )
        append_events(self.client, event)
        self.client.hincrby(BALANCES, str(organization), -sum(charge))
        self.hot[organization] -= sum(charge)
        self.waiting.append(event)
        self.events.append(event)

    @precondition(lambda self: self.events)
    @rule(choice=st.data())
    def deliver_again(self, choice: st.DataObject) -> None:
        append_events(self.client, choice.draw(st.sampled_from(self.events)))

    @rule()
    def drain_stream(self) -> None:
        assert self.drain.drain_batch().recorded == len(self.waiting)
        for event in self.waiting:
            self.posted[uuid.UUID(event.payer_id)] -= event.compute_charge + event.royalty_charge
            self.earned[uuid.UUID(event.author_id)] += share_royalty(event.royalty_charge).author
        self.waiting = []

    @rule(per_second=st.integers(0, 10_000_000), per_call=st.integers(0, 10**10))
    def change_price(self, per_second: int, per_call: int) -> None:
        set_price(
            version_id=self.version,
            compute_per_second=per_second,
            royalty_per_call=per_call,
            effective_at=timezone.now(),
        )

    @rule(receiver=parties, amount=st.integers(1, 10**12), times=st.integers(1, 3))
    def grant(self, receiver: int, amount: int, times: int) -> None:
        organization, grant = self.organizations[receiver], uuid.uuid4()
        for _ in range(times):
            grant_credits(grant_id=grant, organization_id=organization, amount=amount, cause="gift")
        self._credit(organization, amount)

    @rule(buyer=parties, cents=st.integers(-10_000, 10_000).filter(bool), times=st.integers(1, 3))
    def pay_or_refund(self, buyer: int, cents: int, times: int) -> None:
        organization, cause = self.organizations[buyer], f"story:{uuid.uuid4()}"
        kind = TransactionKind.PURCHASE if cents > 0 else TransactionKind.REFUND
        for _ in range(times):
            move(
                cause=cause,
                kind=kind,
                label="story",
                cents=cents,
                giver=STRIPE,
                taker=customer(organization),
                at=timezone.now(),
            )
        self._credit(organization, to_microcredits(cents))

    @rule(author=parties)
    def hold_payout(self, author: int) -> None:
        organization = self.organizations[author]
        with suppress(NotPossible):
            payout = begin_payout(organization_id=organization, at=timezone.now())
            self.earned[organization] -= to_microcredits(payout.amount_cents)

    @rule(author=parties, times=st.integers(1, 2))
    def refuse_payout(self, author: int, times: int) -> None:
        organization = self.organizations[author]
        for payout in Payout.objects.filter(organization_id=organization, state=PayoutState.HELD):
            for _ in range(times):
                _give_back(payout.pk, "The bank says no.")
            self.earned[organization] += to_microcredits(payout.amount_cents)

    @rule(author=parties, come_back=st.booleans(), times=st.integers(1, 2))
    def settle_payout(self, author: int, come_back: bool, times: int) -> None:
        """Also one that was refused, and went after all."""
        organization = self.organizations[author]
        payout = Payout.objects.filter(organization_id=organization).order_by("-created_at").first()
        if payout is None:
            return
        transfer = stripe.Transfer.construct_from({"id": f"tr_{payout.pk}"}, None)
        for _ in range(times):
            _settle(payout.pk, transfer, {f"trr_{payout.pk}": payout.amount_cents} if come_back else {})
        if payout.state == PayoutState.FAILED:
            self.earned[organization] -= to_microcredits(payout.amount_cents)
        if come_back and not payout.returned_cents:
            self.earned[organization] += to_microcredits(payout.amount_cents)

    @rule()
    def close(self) -> None:
        now = timezone.now()
        assert close_books(until=now, closed_at=now).differences == {}

    @invariant()
    def the_books_add_up(self) -> None:
        report = check_ledger()
        assert report.in_order, report.faults
        assert report.calls_costed == report.calls_posted
        assert LedgerAccount.objects.aggregate(all=Sum("balance"))["all"] == 0

    @invariant()
    def everybody_has_what_is_theirs(self) -> None:
        assert rebuild_hot_balances().differences == ()
        for organization in self.organizations:
            assert int(self.client.hget(BALANCES, str(organization)) or 0) == self.hot[organization]
            assert get_balance(organization) == self.posted[organization]
            assert get_earnings(organization) == self.earned[organization]

    @invariant()
    def the_sums_are_those_of_the_records(self) -> None:
        recorded = CallRecord.objects.aggregate(compute=Sum("compute_charge"), royalty=Sum("royalty_charge"))
        for table in (UsageMinute, UsageHour, UsageDay):
            summed = table.objects.aggregate(compute=Sum("compute_charge"), royalty=Sum("royalty_charge"))
            assert summed == recorded
            assert (table.objects.aggregate(all=Sum("calls"))["all"] or 0) == CallRecord.objects.count()


@pytest.mark.usefixtures("transactional_db")
def test_any_story_keeps_every_invariant(client: redis.Redis, settings: Settings) -> None:
    settings.PAYOUT_THRESHOLD_CENTS = 1
    run_state_machine_as_test(
        lambda: LedgerStories(client),
        settings=hypothesis_settings(
            max_examples=15,
            stateful_step_count=25,
            deadline=None,
            phases=[Phase.generate],  # shrinking would take minutes, and the steps of a failure are printed anyway
        ),
    )


@pytest.mark.usefixtures("transactional_db")
def test_a_payout_that_was_refused_and_went_after_all_is_taken_again(client: redis.Redis, settings: Settings) -> None:
    """A story too long for chance: earned, held, refused, and settled after all."""
    settings.PAYOUT_THRESHOLD_CENTS = 1
    story = LedgerStories(client)

    def tell(step: Callable[..., None], **what: object) -> None:
        step(story, **what)
        story.the_books_add_up()
        story.everybody_has_what_is_theirs()

    try:
        tell(LedgerStories.change_price, per_second=0, per_call=10**10)
        tell(LedgerStories.call, payer=0, author=1, run_us=1, outcome="ok")
        tell(LedgerStories.drain_stream)
        tell(LedgerStories.hold_payout, author=1)
        tell(LedgerStories.refuse_payout, author=1, times=2)
        tell(LedgerStories.settle_payout, author=1, come_back=False, times=2)
        assert [payout.state for payout in Payout.objects.all()] == [PayoutState.PAID]
        tell(LedgerStories.settle_payout, author=1, come_back=True, times=2)
    finally:
        story.teardown()
