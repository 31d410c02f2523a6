"""Payments, invoices and payouts as rows, without Stripe."""

import uuid
from datetime import UTC, datetime, timedelta

from billing.payments.models import Dispute, Invoice, InvoiceLine, Payment, TopUp
from billing.payouts.models import Payout, PayoutAccount

FIRST = datetime(2026, 10, 1, tzinfo=UTC)
LAST = datetime(2026, 11, 1, tzinfo=UTC)
MICROCREDITS_PER_CENT = 100_000_000


def make_invoice(organization_id: uuid.UUID, *, state: str = "open", cents: int = 123_456) -> Invoice:
    """An invoice of October with three lines, one of them negative."""
    before, due = Invoice.objects.count(), LAST + timedelta(days=30)
    invoice = Invoice.objects.create(
        organization_id=organization_id, serial=before + 1, state=state, buyer="Übungs & Söhne <GmbH>",
        tax_id="DE123456789", period_start=FIRST, period_end=LAST + timedelta(days=before),
        amount_cents=cents, pay_url="https://invoice.stripe.example/1", issued_at=LAST, due_at=due,
    )  # fmt: skip
    lines = [("ann/translate", "ann", "", 12_345, cents), ("ann/" + "long_name_" * 6, "bob", "", 2, 100)]
    lines.append(("", "", "Paid with credits", 0, -100))
    for position, (algorithm, member, note, calls, amount) in enumerate(lines):
        InvoiceLine.objects.create(
            invoice=invoice, position=position, algorithm=algorithm, member=member, note=note, calls=calls,
            amount=amount * MICROCREDITS_PER_CENT,
        )  # fmt: skip
    return invoice


def make_payments(organization_id: uuid.UUID) -> list[Payment]:
    """One of each kind and end."""
    rows = [
        {"kind": "checkout", "state": "succeeded", "amount_cents": 5_000, "refunded_cents": 1_200},
        {"kind": "checkout", "state": "succeeded", "amount_cents": 9_900, "disputed_cents": 9_900},
        {"kind": "checkout", "state": "created", "amount_cents": 2_000},
        {"kind": "top_up", "state": "failed", "amount_cents": 2_000, "failure": "Your card was declined."},
        {"kind": "invoice", "state": "succeeded", "amount_cents": 123_456},
        {"kind": "checkout", "state": "expired", "amount_cents": 2_000},
    ]
    made = [Payment.objects.create(organization_id=organization_id, **row) for row in rows]
    Dispute.objects.create(
        stripe_id=f"dp_{made[1].pk}", payment=made[1], amount_cents=9_900, state="needs_response", reason="fraudulent",
        created_at=LAST,
    )  # fmt: skip
    return made


def make_top_up(organization_id: uuid.UUID, *, failure: str = "") -> TopUp:
    """An order for $20 below $5."""
    return TopUp.objects.create(
        organization_id=organization_id,
        threshold_cents=500,
        amount_cents=2_000,
        month_cap_cents=10_000,
        failure=failure,
    )


def make_payouts(organization_id: uuid.UUID) -> list[Payout]:
    """An account that can be paid, and one payout of each end."""
    PayoutAccount.objects.create(
        organization_id=organization_id,
        stripe_id=f"acct_{organization_id}",
        details_submitted=True,
        payouts_enabled=True,
    )
    rows = [
        {"state": "paid", "amount_cents": 7_700, "returned_cents": 700},
        {"state": "failed", "amount_cents": 7_700, "failure": "The destination account cannot take transfers."},
        {"state": "held", "amount_cents": 3_100},
    ]
    return [Payout.objects.create(organization_id=organization_id, **row) for row in rows]
