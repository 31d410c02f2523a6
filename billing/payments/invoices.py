"""Organizations on terms: they are advanced credits up to a limit, and pay monthly for what they used of them.

The advance is in their balance like any other credit, so that a call needs to know nothing of terms: when the limit
is used up, it is refused. What is owed is the limit less the balance. An invoice advances as much as it asks for,
which fills the balance to the limit again; when it is paid, the debt is gone; when it is given up, the advance is
taken back.
"""

import uuid
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from typing import Any

import stripe
from django.db import connection, transaction
from django.db.models import Count, F, Max, Sum
from django.utils import timezone

from billing.ledger.models import AccountKind, TransactionKind
from billing.ledger.selectors import get_balance, get_balance_at
from billing.metering.models import CallRecord
from billing.payments.client import CURRENCY, talk
from billing.payments.customers import Buyer, ensure_customer, find_customer
from billing.payments.models import INVOICE_STEPS, Invoice, InvoiceLine, InvoiceState, Payment, PaymentKind, Terms
from billing.payments.notices import tell_owners
from billing.payments.postings import (
    RECEIVABLES,
    SUSPENSE,
    customer,
    microcredits_per_cent,
    move,
    to_cents,
    to_microcredits,
)

NameMembers = Callable[[Collection[int]], dict[int, str]]
"""What people are called, by their ids."""

LATEST_RECORDING = timedelta(days=7)
"""How long a call may wait in the meter stream before it is recorded."""
NOBODY = "no member"
"""Who made a call that was not recorded with its member."""
STRIPE_STATES = {
    "open": InvoiceState.OPEN,
    "paid": InvoiceState.PAID,
    "void": InvoiceState.VOID,
    "uncollectible": InvoiceState.UNCOLLECTIBLE,
}


@transaction.atomic
def set_terms(*, organization_id: uuid.UUID, limit_cents: int, days_to_pay: int, now: datetime) -> None:
    """Lets the organization call first and pay up to `limit_cents` later; zero ends that. Safe to repeat."""
    Terms.objects.get_or_create(pk=organization_id, defaults={"limit_cents": 0, "invoiced_until": now})
    terms = Terms.objects.select_for_update().get(pk=organization_id)
    change = limit_cents - terms.limit_cents
    terms.limit_cents, terms.days_to_pay = limit_cents, days_to_pay
    terms.changes += 1
    terms.save()
    if change:
        move(
            cause=f"terms:{organization_id}:{terms.changes}",
            kind=TransactionKind.ADVANCE,
            label="Credits in advance, on terms",
            cents=change,
            giver=RECEIVABLES,
            taker=customer(organization_id),
            at=now,
        )


@transaction.atomic
def issue_invoice(*, buyer: Buyer, name_members: NameMembers, now: datetime) -> Invoice | None:
    """The invoice for all that the organization used before this month (UTC) and was not invoiced; None for nothing.

    Safe to repeat and to race: a period is invoiced once.
    """
    terms = Terms.objects.select_for_update().filter(pk=buyer.organization_id).first()
    until = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    if terms is None or terms.invoiced_until >= until:
        return None
    owed = _get_owed(terms, until)
    since, terms.invoiced_until = terms.invoiced_until, until
    terms.save()
    if owed <= 0:
        return None
    invoice = _insert(buyer, terms, since, until, owed, now)
    _insert_lines(invoice, name_members)
    _advance(invoice, owed, f"invoice:{invoice.pk}", now)
    tell_owners(
        buyer.organization_id,
        f"Invoice {invoice.number}",
        f"${owed / 100:,.2f} for what {buyer.name} used until {until - timedelta(days=1):%d %B %Y}, due on "
        f"{invoice.due_at:%d %B %Y}. It is itemised in the console.",
    )
    return invoice


def push_invoice(*, invoice_id: uuid.UUID, buyer: Buyer) -> None:
    """Makes, finalizes and sends at Stripe what was issued here. Safe to repeat, whatever was done before.

    Raises StripeUnavailable, StripeRefused, PaymentsDisabled.
    """
    invoice = Invoice.objects.get(pk=invoice_id)
    with talk() as client:
        payer = ensure_customer(client, buyer)
        made = _find_or_create(client, payer.stripe_id, invoice)
        if made.status == "draft" and made.total != invoice.amount_cents:
            client.v1.invoices.add_lines(made.id, {"lines": _to_stripe_lines(invoice)})
        if made.status == "draft":
            client.v1.invoices.finalize_invoice(made.id)
            client.v1.invoices.send_invoice(made.id)
    apply_invoice(made.id)


def apply_invoice(stripe_id: str) -> list[str]:
    """Brings an invoice up to date with Stripe's, and answers the intents that paid it. Not ours: nothing."""
    with talk() as client:
        found = client.v1.invoices.retrieve(stripe_id)
        paid = [each for each in client.v1.invoice_payments.list({"invoice": stripe_id}).data if each.status == "paid"]
    return _apply(found, paid)


@transaction.atomic
def _apply(found: stripe.Invoice, paid: list[stripe.InvoicePayment]) -> list[str]:
    named = found.metadata.to_dict().get("agora_invoice") if found.metadata else None
    invoice = Invoice.objects.select_for_update().filter(pk=named).first() if named else None
    state = STRIPE_STATES.get(found.status or "")
    if invoice is None or state is None:
        return []
    invoice.stripe_id, invoice.pay_url = found.id, found.hosted_invoice_url or invoice.pay_url
    before = invoice.state
    if state in INVOICE_STEPS[before]:
        invoice.state = state
    invoice.save()
    given_up = {InvoiceState.VOID, InvoiceState.UNCOLLECTIBLE}
    if invoice.state in given_up and before not in given_up:
        _advance(invoice, -invoice.amount_cents, f"invoice-given-up:{found.id}", timezone.now())
    if invoice.state == InvoiceState.PAID and before != InvoiceState.PAID:
        _note_paid(invoice, found, paid, was_given_up=before in given_up)
    return _insert_payments(invoice, paid)


def _note_paid(
    invoice: Invoice, found: stripe.Invoice, paid: list[stripe.InvoicePayment], *, was_given_up: bool
) -> None:
    now = timezone.now()
    Invoice.objects.filter(pk=invoice.pk).update(paid_at=now)
    if was_given_up:
        _advance(invoice, invoice.amount_cents, f"invoice-restored:{found.id}", now)
    elsewhere = invoice.amount_cents - sum(each.amount_paid or 0 for each in paid if _intent_of(each))
    if elsewhere > 0:  # a bank transfer that somebody marked: Stripe has no money for it
        move(
            cause=f"invoice-paid-elsewhere:{found.id}",
            kind=TransactionKind.INVOICE,
            label=f"Invoice {invoice.number} paid outside Stripe",
            cents=elsewhere,
            giver=SUSPENSE,
            taker=RECEIVABLES,
            at=now,
        )


def _insert_payments(invoice: Invoice, paid: list[stripe.InvoicePayment]) -> list[str]:
    intents = {intent: each.amount_paid or 0 for each in paid if (intent := _intent_of(each)) and each.amount_paid}
    for intent, cents in intents.items():
        Payment.objects.get_or_create(
            payment_intent_id=intent,
            defaults={
                "organization_id": invoice.organization_id,
                "kind": PaymentKind.INVOICE,
                "amount_cents": cents,
            },
        )
    return list(intents)


def _intent_of(paid: stripe.InvoicePayment) -> str | None:
    intent = getattr(paid.payment, "payment_intent", None)
    return intent if intent is None or isinstance(intent, str) else intent.id


def _get_owed(terms: Terms, until: datetime) -> int:
    """Whole cents. The lesser of then and now: a limit raised since would look like use."""
    kind, organization_id = AccountKind.CUSTOMER, terms.organization_id
    then = get_balance_at(kind=kind, organization_id=organization_id, at=until)
    now = get_balance(kind=kind, organization_id=organization_id)
    return to_cents(to_microcredits(terms.limit_cents) - max(then, now))


def _insert(buyer: Buyer, terms: Terms, since: datetime, until: datetime, cents: int, now: datetime) -> Invoice:
    payer = find_customer(buyer.organization_id)
    with connection.cursor() as cursor:  # numbers have no gaps: two invoices take turns
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('billing.payments.invoices', 0))")
    last = Invoice.objects.aggregate(last=Max("serial"))["last"] or 0
    return Invoice.objects.create(
        organization_id=buyer.organization_id,
        serial=last + 1,
        buyer=buyer.name,
        tax_id=payer.tax_id if payer else "",
        period_start=since,
        period_end=until,
        amount_cents=cents,
        issued_at=now,
        due_at=now + timedelta(days=terms.days_to_pay),
    )


def _insert_lines(invoice: Invoice, name_members: NameMembers) -> None:
    used = _sum_usage(invoice, name_members)
    lines = [
        InvoiceLine(algorithm=algorithm, member=member, calls=calls, amount=amount)
        for (algorithm, member), (calls, amount) in sorted(used.items(), key=lambda item: (-item[1][1], item[0]))
    ]
    rest = invoice.amount_cents * microcredits_per_cent() - sum(line.amount for line in lines)
    if rest:
        note = "Paid with credits" if rest < 0 else "Not invoiced before"
        lines.append(InvoiceLine(note=note, amount=rest))
    for position, line in enumerate(lines):
        line.invoice, line.position = invoice, position
    InvoiceLine.objects.bulk_create(lines)


def _sum_usage(invoice: Invoice, name_members: NameMembers) -> dict[tuple[str, str], tuple[int, int]]:
    """Calls and micro-credits by algorithm and member, of what was posted in the invoice's period."""
    records = CallRecord.objects.filter(
        payer_id=invoice.organization_id,
        started_at__gte=invoice.period_start - LATEST_RECORDING,
        started_at__lt=invoice.period_end + timedelta(days=1),
        recorded_at__gte=invoice.period_start,
        recorded_at__lt=invoice.period_end,
    )
    rows = records.values_list("algorithm", "member_id").annotate(
        calls=Count("call_id"), amount=Sum(F("compute_charge") + F("royalty_charge"))
    )
    found = [row for row in rows if row[3]]
    names = name_members({member_id for _, member_id, *_ in found if member_id is not None})
    used: dict[tuple[str, str], tuple[int, int]] = {}
    for algorithm, member_id, calls, amount in found:
        line = (algorithm, names.get(member_id, NOBODY))
        before = used.get(line, (0, 0))
        used[line] = (before[0] + calls, before[1] + int(amount))
    return used


def _advance(invoice: Invoice, cents: int, cause: str, now: datetime) -> None:
    move(
        cause=cause,
        kind=TransactionKind.INVOICE,
        label=f"Invoice {invoice.number}",
        cents=cents,
        giver=RECEIVABLES,
        taker=customer(invoice.organization_id),
        at=now,
    )


def _find_or_create(client: stripe.StripeClient, customer_id: str, invoice: Invoice) -> stripe.Invoice:
    """Looks first: Stripe forgets idempotency keys after a day, but no invoice."""
    known = client.v1.invoices.list({"customer": customer_id, "limit": 100}).auto_paging_iter()
    for each in known:
        if each.metadata and each.metadata.to_dict().get("agora_invoice") == str(invoice.pk):
            return each
    params: Any = {
        "customer": customer_id,
        "collection_method": "send_invoice",
        "days_until_due": max(1, (invoice.due_at - timezone.now()).days),
        "auto_advance": False,
        "currency": CURRENCY,
        "pending_invoice_items_behavior": "exclude",
        "description": f"Agora {invoice.number}, itemised by algorithm and member in your console.",
        "metadata": {"agora_invoice": str(invoice.pk), "agora_number": invoice.number},
    }
    return client.v1.invoices.create(params, {"idempotency_key": f"invoice-{invoice.pk}"})


def _to_stripe_lines(invoice: Invoice) -> Any:
    """Our lines in whole cents, which add up: each is rounded with what the ones before left over."""
    lines, told, exact = [], 0, 0
    for line in invoice.lines.all():
        exact += line.amount
        cents = to_cents(exact) - told
        told += cents
        text = f"{line.algorithm}, {line.member}: {line.calls:,} calls" if line.algorithm else line.note
        lines.append({"amount": cents, "description": text[:500]})
    return [line for line in lines if line["amount"]]
