"""Payments, invoices, payouts, exports, and the operator's page of money: what they say and do."""

import re
import uuid
from html import unescape
from typing import Any

import pytest
from django.test import Client
from reportlab.pdfbase.pdfmetrics import getFont

from billing import api as billing
from billing.payments.models import Payment, StripeCustomer, Terms, TopUp
from billing.payouts.models import PayoutAccount
from marketplace.accounts.models import User
from marketplace.audit.models import AuditEvent
from marketplace.organizations.models import Organization
from marketplace.web.console.pdf_fonts import REGULAR, mark_up
from tests.factories.payments import make_invoice, make_payments, make_payouts, make_top_up
from tests.integration.payments.conftest import deliver, simulator, stripe
from tests.integration.web.console.conftest import TEAM, signed_in
from tests.integration.web.document import Document
from tests.stripe_simulator.client import Simulator

__all__ = ["simulator", "stripe"]


def text_of(response: Any) -> str:
    return " ".join(re.sub("<[^>]*>", " ", response.content.decode()).split())


def address_in(response: Any) -> str:
    """Where the page leads by itself."""
    found = re.search('http-equiv="refresh" content="0; url=([^"]+)"', response.content.decode())
    assert found is not None
    return found[1]


def test_without_stripe_the_pages_say_so(as_alice: Client, team: Organization) -> None:
    assert "runs on granted credits" in text_of(as_alice.get(f"{TEAM}/payments"))
    assert "pays nothing out" in text_of(as_alice.get(f"{TEAM}/payouts"))
    assert not Document(as_alice.get(f"{TEAM}/payments")).find("form", action=f"{TEAM}/payments/buy")
    assert "runs on granted credits" in text_of(as_alice.post(f"{TEAM}/payments/buy", {"dollars": "20"}))


def test_an_owner_buys_and_keeps_the_card_and_orders_top_ups(
    stripe: Simulator, as_alice: Client, team: Organization, alice: User
) -> None:
    address = address_in(as_alice.post(f"{TEAM}/payments/buy", {"dollars": "20.50", "keep_card": "on"}))
    assert address.startswith("https://checkout.stripe.example/")
    stripe.act("pay_session", session=address.rpartition("/")[2])
    payment = Payment.objects.get()
    back = as_alice.get(f"{TEAM}/payments?payment={payment.pk}", follow=True)
    assert "the credits are here" in text_of(back)
    assert billing.get_balance(team.id) == 205_000 * billing.CREDIT
    assert "visa card that ends in 4242" in text_of(back)
    form = {"threshold": "5", "amount": "20", "month_cap": "100", "on": "yes"}
    assert "Automatic top-up is on." in text_of(as_alice.post(f"{TEAM}/payments/top-up", form, follow=True))
    assert TopUp.objects.get().on
    as_alice.post(f"{TEAM}/payments/top-up", form | {"on": "no"})
    assert not TopUp.objects.get().on
    actions = AuditEvent.objects.filter(organization_id=team.id).values_list("action", flat=True)
    assert list(actions.order_by("pk"))[-3:] == ["payment.start", "top_up.set", "top_up.set"]


def test_one_who_comes_back_unpaid_is_told(stripe: Simulator, as_alice: Client, team: Organization) -> None:
    as_alice.post(f"{TEAM}/payments/buy", {"dollars": "20"})
    back = as_alice.get(f"{TEAM}/payments?payment={Payment.objects.get().pk}", follow=True)
    assert "still at it" in text_of(back)
    assert "no such payment" in text_of(as_alice.get(f"{TEAM}/payments?payment={uuid.uuid4()}", follow=True))


@pytest.mark.parametrize("dollars", ["", "x", "4.99", "10000.01", "20.001", "NaN", "1e9", "-20"])
def test_a_wrong_amount_buys_nothing(stripe: Simulator, as_alice: Client, team: Organization, dollars: str) -> None:
    response = as_alice.post(f"{TEAM}/payments/buy", {"dollars": dollars})
    assert (response.status_code, len(Document(response).find("p", class_="field-error"))) == (200, 1)
    assert not Payment.objects.exists()


def test_top_up_needs_a_card_and_says_why_it_stopped(stripe: Simulator, as_alice: Client, team: Organization) -> None:
    form = {"threshold": "5", "amount": "20", "month_cap": "100", "on": "yes"}
    assert "keep the card" in text_of(as_alice.post(f"{TEAM}/payments/top-up", form))
    assert "one top-up at least" in text_of(as_alice.post(f"{TEAM}/payments/top-up", form | {"month_cap": "19"}))
    make_top_up(team.id, failure="Your card was declined.")
    assert "Your card was declined. Nothing more is tried" in text_of(as_alice.get(f"{TEAM}/payments"))


def test_a_tax_number_is_kept_and_a_wrong_one_refused(stripe: Simulator, as_alice: Client, team: Organization) -> None:
    form = {"kind": "eu_vat", "value": "de123456789"}
    assert "The tax number is kept." in text_of(as_alice.post(f"{TEAM}/payments/tax-id", form, follow=True))
    assert StripeCustomer.objects.get().tax_id == "DE123456789"
    assert "Invalid value" in text_of(as_alice.post(f"{TEAM}/payments/tax-id", form | {"value": "?"}))


def test_when_stripe_is_away_the_page_says_so(stripe: Simulator, as_alice: Client, team: Organization) -> None:
    stripe.make_trouble(*["refuse"] * 3)
    assert "Stripe does not answer" in text_of(as_alice.post(f"{TEAM}/payments/buy", {"dollars": "20"}))
    assert not Payment.objects.exists()


def test_an_author_sets_up_and_is_paid(stripe: Simulator, as_alice: Client, team: Organization) -> None:
    address = address_in(as_alice.post(f"{TEAM}/payouts/set-up"))
    stripe.act("complete_onboarding", account=address.rpartition("/")[2])
    assert "ready" in text_of(as_alice.get(f"{TEAM}/payouts?back=1", follow=True))
    assert PayoutAccount.objects.get().payouts_enabled
    assert "start at $25.00" in text_of(as_alice.post(f"{TEAM}/payouts/pay", follow=True))
    as_alice.post(f"{TEAM}/payouts/automatic", {"automatic": "no"})
    assert not PayoutAccount.objects.get().automatic


def test_an_invoice_as_page_pdf_and_csv(as_alice: Client, team: Organization) -> None:
    invoice = make_invoice(team.id)
    assert "2026-00001" in text_of(as_alice.get(f"{TEAM}/invoices"))
    page = text_of(as_alice.get(f"{TEAM}/invoices/{invoice.pk}"))
    assert "$1,234.56" in page
    assert "Paid with credits" in page
    pdf = as_alice.get(f"{TEAM}/invoices/{invoice.pk}.pdf")
    assert (pdf["Content-Type"], pdf.content[:5]) == ("application/pdf", b"%PDF-")
    rows = b"".join(as_alice.get(f"{TEAM}/invoices/{invoice.pk}.csv").streaming_content).decode().splitlines()
    assert rows[:2] == ["algorithm,member,note,calls,amount_microcredits", "ann/translate,ann,,12345,12345600000000"]
    assert rows[3].endswith(",,Paid with credits,0,-10000000000")


@pytest.mark.parametrize("name", ["Żółć Łukasiewicz", "Αθηνά", "Дмитрий", "Nguyễn", "<b>&", "東京 カタカナ 한국 ltd."])
def test_a_pdf_can_write_every_letter_of_a_name(name: str) -> None:
    """Each by the font that is embedded, or by one that readers of PDFs have."""
    parts = re.split(r'(<font name="[^"]+">[^<]*</font>)', mark_up(name))
    letters = {letter for part in parts if not part.startswith("<font") for letter in unescape(part)}
    assert {ord(letter) for letter in letters} <= getFont(REGULAR).face.charToGlyph.keys()
    assert "".join(letters).isascii() == name.startswith(("<b>", "東京"))


def test_csv_has_every_row_and_no_formula(as_alice: Client, team: Organization) -> None:
    payment = make_payments(team.id)[3]
    Payment.objects.filter(pk=payment.pk).update(failure='=HYPERLINK("x")')
    rows = b"".join(as_alice.get(f"{TEAM}/payments.csv").streaming_content).decode()
    assert len(rows.splitlines()) == 7
    assert "\"'=HYPERLINK" in rows
    make_payouts(team.id)
    assert len(b"".join(as_alice.get(f"{TEAM}/payouts.csv").streaming_content).splitlines()) == 4


OPERATOR = ["/billing", "/billing/refund/{payment}"]


@pytest.mark.parametrize("path", OPERATOR)
def test_the_operator_page_is_for_operators(as_alice: Client, alice: User, team: Organization, path: str) -> None:
    address = path.format(payment=make_payments(team.id)[0].pk)
    assert as_alice.get(address).status_code == 404
    assert signed_in(None).get(address).status_code == 302
    for target in ("/billing/terms", "/billing/reconcile"):
        assert as_alice.post(target, {"organization": "team", "limit": "5"}).status_code == 404
    User.objects.filter(pk=alice.pk).update(is_superuser=True)
    assert as_alice.get(address).status_code == 200


@pytest.fixture
def operator(alice: User) -> Client:
    User.objects.filter(pk=alice.pk).update(is_superuser=True)
    return signed_in(alice)


def test_an_operator_sees_the_sums_refunds_and_sets_terms(
    stripe: Simulator, operator: Client, team: Organization
) -> None:
    address = address_in(operator.post(f"{TEAM}/payments/buy", {"dollars": "20"}))
    stripe.act("pay_session", session=address.rpartition("/")[2])
    deliver(*stripe.new_events())
    page = text_of(operator.get("/billing"))
    assert "Came in through Stripe, net 200,000 credits" in page
    payment = Payment.objects.get()
    form = {"dollars": "5", "request_id": str(uuid.uuid4())}
    for _ in range(2):
        assert operator.post(f"/billing/refund/{payment.pk}", form).status_code == 302
    payment.refresh_from_db()
    assert (payment.refunded_cents, billing.get_balance(team.id)) == (500, 150_000 * billing.CREDIT)
    too_much = text_of(operator.post(f"/billing/refund/{payment.pk}", form | {"dollars": "99"}))
    assert "at most $20.00" in too_much
    terms = {"organization": "TEAM", "limit": "100", "days_to_pay": "14"}
    assert operator.post("/billing/terms", terms).status_code == 302
    assert Terms.objects.get().limit_cents == 10_000
    assert billing.get_balance(team.id) == 1_150_000 * billing.CREDIT
    assert "no such organization" in text_of(operator.post("/billing/terms", terms | {"organization": "nobody"}))


def test_an_operator_compares_the_books(stripe: Simulator, operator: Client, team: Organization) -> None:
    assert "Compared 0 movements: 0 differences." in text_of(operator.post("/billing/reconcile", follow=True))
