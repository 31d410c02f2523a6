"""Organizations on terms: advanced, invoiced once for each month, itemised, paid or given up."""

import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from billing import api as billing
from billing.errors import StripeUnavailable
from billing.ledger.models import AccountKind, LedgerAccount, TransactionKind
from billing.metering.models import CallRecord
from billing.payments.client import talk
from billing.payments.models import Invoice, Notice, Payment
from tests.integration.payments.conftest import Payer, check_books, deliver
from tests.integration.payments.test_top_ups import spend
from tests.stripe_simulator.client import Simulator

LIMIT = 50_000
NAMES = {1: "ann", 2: "bob"}


def this_month() -> datetime:
    return datetime.now(tz=UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


NEXT_MONTH = (this_month() + timedelta(days=32)).replace(day=2)


def call(payer: Payer, algorithm: str, member: int | None, cents: int) -> None:
    """A call that cost so much, recorded and posted now."""
    call_id = spend(payer, cents, TransactionKind.CALL)
    CallRecord.objects.create(
        call_id=call_id, started_at=datetime.now(tz=UTC), root_id=uuid.uuid4(), payer_id=payer.id,
        author_id=uuid.uuid4(), key_id=None, algorithm=algorithm, version_id=uuid.uuid4(), version="1.0.0",
        environment="python3", queue_us=0, load_us=0, run_us=1, cpu_us=1, peak_memory_bytes=1, bytes_in=1, bytes_out=1,
        cold=False, outcome="ok", compute_charge=cents * 100_000_000, royalty_charge=0, member_id=member,
        posting_id=call_id,
    )  # fmt: skip


def issue(payer: Payer, now: datetime = NEXT_MONTH) -> Invoice | None:
    return billing.issue_invoice(
        buyer=payer.buyer, name_members=lambda ids: {each: NAMES[each] for each in ids}, now=now
    )


def receivables() -> int:
    return LedgerAccount.objects.get(kind=AccountKind.RECEIVABLES).balance // 100_000_000


@pytest.fixture
def client(stripe: Simulator, payer: Payer) -> Payer:
    """An organization on terms that used 9,000 cents."""
    billing.ensure_partitions(datetime.now(tz=UTC).date())
    billing.set_terms(organization_id=payer.id, limit_cents=LIMIT, days_to_pay=14, now=datetime.now(tz=UTC))
    for algorithm, member, cents in [
        ("ann/a", 1, 4_000),
        ("ann/a", 1, 1_000),
        ("ann/a", 2, 1_000),
        ("ann/b", None, 3_000),
    ]:
        call(payer, algorithm, member, cents)
    return payer


def test_it_is_itemised_and_adds_up(client: Payer) -> None:
    invoice = issue(client)
    assert invoice is not None
    assert invoice.amount_cents == 8_999  # the 3 free credits were used first
    lines = [(line.algorithm, line.member, line.calls, line.amount) for line in invoice.lines.all()]
    assert lines[:3] == [
        ("ann/a", "ann", 2, 5_000 * 10**8),
        ("ann/b", "no member", 1, 3_000 * 10**8),
        ("ann/a", "bob", 1, 1_000 * 10**8),
    ]
    assert sum(line.amount for line in invoice.lines.all()) == 8_999 * 10**8
    assert invoice.lines.last().note == "Paid with credits"
    assert (client.cents, receivables()) == (LIMIT - 9_000 + 8_999, -LIMIT - 8_999)
    assert issue(client) is None
    assert [notice.subject for notice in Notice.objects.all()] == [f"Invoice {invoice.number}"]


def test_the_limit_can_be_used_at_once_and_ends_what_can_be_called(stripe: Simulator, payer: Payer) -> None:
    billing.set_terms(organization_id=payer.id, limit_cents=LIMIT, days_to_pay=14, now=datetime.now(tz=UTC))
    assert payer.cents == payer.hot_cents == LIMIT
    billing.set_terms(organization_id=payer.id, limit_cents=LIMIT, days_to_pay=30, now=datetime.now(tz=UTC))
    assert payer.cents == LIMIT
    billing.set_terms(organization_id=payer.id, limit_cents=0, days_to_pay=30, now=datetime.now(tz=UTC))
    assert payer.cents == payer.hot_cents == 0
    check_books()


def push(invoice: Invoice, payer: Payer) -> Invoice:
    billing.push_invoice(invoice_id=invoice.pk, buyer=payer.buyer)
    invoice.refresh_from_db()
    return invoice


def test_a_paid_invoice_settles_the_debt_once(stripe: Simulator, client: Payer) -> None:
    invoice = push(issue(client), client)
    assert (invoice.state, bool(invoice.pay_url)) == ("open", True)
    stripe.act("pay_invoice", invoice=invoice.stripe_id)
    events = stripe.new_events()
    deliver(*reversed(events), *events)
    invoice.refresh_from_db()
    assert invoice.state == "paid"
    assert invoice.paid_at is not None
    assert receivables() == -LIMIT
    assert Payment.objects.get().kind == "invoice"
    check_books()


@pytest.mark.parametrize("trouble", range(7))
def test_a_push_that_is_interrupted_makes_one_invoice(stripe: Simulator, client: Payer, trouble: int) -> None:
    invoice = issue(client)
    assert invoice is not None
    for fate in ("lose", "refuse"):
        stripe.make_trouble(*[""] * trouble, *[fate] * 3)
        try:
            push(invoice, client)
        except StripeUnavailable:
            stripe.forget_keys()
    stripe.make_trouble()
    push(invoice, client)
    with talk() as api:
        found = api.v1.invoices.list({"customer": str(billing.find_customer(client.id).stripe_id)}).data
    assert [(each.status, each.total) for each in found] == [("open", 8_999)]


@pytest.mark.parametrize("end", ["void", "uncollectible"])
def test_an_invoice_that_is_given_up_takes_the_credits_back(stripe: Simulator, client: Payer, end: str) -> None:
    invoice = push(issue(client), client)
    stripe.act("close_invoice", invoice=invoice.stripe_id, status=end)
    events = stripe.new_events()
    deliver(*events, *events)
    assert client.cents == client.hot_cents == LIMIT - 9_000
    assert receivables() == -LIMIT
    if end == "uncollectible":  # and then it is paid after all
        stripe.act("pay_invoice", invoice=invoice.stripe_id)
        deliver(*stripe.new_events(), *events)
        assert client.cents == LIMIT - 1
        assert receivables() == -LIMIT
    check_books()


def test_what_was_paid_elsewhere_waits_for_a_person(stripe: Simulator, client: Payer) -> None:
    invoice = push(issue(client), client)
    stripe.act("close_invoice", invoice=invoice.stripe_id, status="paid")
    deliver(*stripe.new_events())
    assert receivables() == -LIMIT
    assert LedgerAccount.objects.get(kind=AccountKind.SUSPENSE).balance == -8_999 * 10**8
    check_books()


def test_the_refund_of_an_invoice_takes_credits(stripe: Simulator, client: Payer) -> None:
    invoice = push(issue(client), client)
    paid = stripe.act("pay_invoice", invoice=invoice.stripe_id)
    assert paid["status"] == "paid"
    early = stripe.new_events()
    intent = next(each for each in early if "payment_intent.succeeded" in each.payload)
    stripe.act("refund", payment_intent=json.loads(intent.payload)["data"]["object"]["id"], amount=999)
    deliver(*stripe.new_events(), *early)
    assert client.cents == LIMIT - 1 - 999
    check_books()


def test_nothing_used_is_nothing_invoiced(stripe: Simulator, payer: Payer) -> None:
    assert issue(payer) is None
    billing.set_terms(organization_id=payer.id, limit_cents=LIMIT, days_to_pay=14, now=datetime.now(tz=UTC))
    assert issue(payer) is None
    assert issue(payer, datetime.now(tz=UTC)) is None
