"""A simulated Stripe, an organization that pays, and the ways in which Stripe's events arrive."""

import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
import redis
from django.conf import settings as django_settings
from django.db import connection
from django.utils import timezone
from stripe import HTTPClient

from billing import api as billing
from billing.api import Buyer, check_ledger
from billing.ledger.models import AccountKind, LedgerAccount
from billing.metering.events import BALANCES
from billing.payments.models import Payment
from billing.payments.postings import microcredits_per_cent
from billing.payments.reconciliation import reconcile
from tests.stripe_simulator.client import SECRET, Delivery, Simulator

FREE_CREDITS = 3


@pytest.fixture(scope="session")
def simulator() -> Iterator[Simulator]:
    """One process for all tests."""
    simulator = Simulator()
    yield simulator
    simulator.stop()


@pytest.fixture
def stripe(simulator: Simulator, settings: Any, db: None, monkeypatch: pytest.MonkeyPatch) -> Simulator:
    """A simulated Stripe that knows nothing yet, and a platform that speaks to it."""
    simulator.reset()
    monkeypatch.setattr(HTTPClient, "INITIAL_DELAY", 0.01)  # it waits half a second before it tries again
    settings.STRIPE_SECRET_KEY = "sk_test_simulated"
    settings.STRIPE_WEBHOOK_SECRETS = ["whsec_another", SECRET]
    settings.STRIPE_API_BASE = simulator.base
    return simulator


class Payer(NamedTuple):
    """An organization with 3 free credits."""

    buyer: Buyer

    @property
    def id(self) -> uuid.UUID:
        return self.buyer.organization_id

    @property
    def cents(self) -> float:
        """What it can spend, less what it was given, in cents."""
        return (billing.get_balance(self.id) - FREE_CREDITS * billing.CREDIT) / microcredits_per_cent()

    @property
    def hot_cents(self) -> float:
        """The same, as the gateways see it."""
        run_commit_hooks()
        with redis.Redis.from_url(django_settings.REDIS_URL) as client:
            return (
                int(client.hget(BALANCES, str(self.id)) or 0) - FREE_CREDITS * billing.CREDIT
            ) / microcredits_per_cent()

    def begin(self, cents: int = 2_000, *, keep_card: bool = False) -> Payment:
        """A purchase that is not paid yet."""
        page = billing.start_checkout(
            buyer=self.buyer, cents=cents, keep_card=keep_card, back="https://agora.test/back"
        )
        return Payment.objects.get(pk=page.payment_id)

    def buy(self, stripe: Simulator, cents: int = 2_000, *, keep_card: bool = False) -> Payment:
        """A purchase that is paid, and of which Stripe told."""
        payment = self.begin(cents, keep_card=keep_card)
        stripe.act("pay_session", session=payment.session_id)
        deliver(*stripe.new_events())
        payment.refresh_from_db()
        return payment


def make_payer(name: str = "Acme") -> Payer:
    payer = Payer(Buyer(uuid.uuid4(), name, f"{name.lower()}@example.com"))
    billing.open_account(organization_id=payer.id, free_credits=FREE_CREDITS)
    return payer


@pytest.fixture
def payer(stripe: Simulator) -> Payer:
    return make_payer()


def deliver(*deliveries: Delivery) -> None:
    """Takes events as the platform's door and worker do."""
    for each in deliveries:
        billing.process_event(billing.receive_event(payload=each.payload.encode(), signature=each.signature))


def run_commit_hooks() -> None:
    """Does what follows a commit, which a test that is rolled back does not have."""
    hooks, connection.run_on_commit = connection.run_on_commit, []
    for _, hook, _ in hooks:
        hook()


def check_books() -> None:
    """Credits equal money: our books are in order, hot balances follow, and each cent is where Stripe says it is."""
    run_commit_hooks()
    report = check_ledger()
    assert report.in_order, report.faults
    now = timezone.now()
    told = reconcile(since=now - timedelta(days=60), until=now + timedelta(minutes=1))
    assert told.differences == []
    stripe_account = LedgerAccount.objects.filter(kind=AccountKind.STRIPE).first()
    ours = -stripe_account.balance if stripe_account else 0
    assert ours == told.stripe_cents * microcredits_per_cent()
    with redis.Redis.from_url(django_settings.REDIS_URL) as client:
        for account in LedgerAccount.objects.filter(kind=AccountKind.CUSTOMER):
            assert int(client.hget(BALANCES, str(account.organization_id)) or 0) == account.balance
