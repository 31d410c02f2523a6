"""/v1/organizations/:o/{payments,invoices,payouts} and /v1/webhooks/stripe"""

import uuid
from datetime import UTC, datetime, timedelta
from smtplib import SMTPRecipientsRefused
from typing import Any

import pytest
from django.utils import timezone

from billing import api as billing
from billing.payments.models import Notice, StripeEvent
from billing.payments.notices import TRIED_FOR, tell_owners
from marketplace.accounts.models import User
from marketplace.organizations.models import Organization
from marketplace.payments import tasks
from marketplace.payments.selectors import find_buyer
from tests.factories.people import make_api_key, scope_of
from tests.integration.api.conftest import Caller, message_of
from tests.integration.payments.conftest import simulator, stripe
from tests.integration.payments.test_top_ups import Payer, spend
from tests.stripe_simulator.client import Simulator

__all__ = ["simulator", "stripe"]
PATHS = ["payments", "invoices", "payouts"]


@pytest.fixture
def as_owner(alice: User, team: Organization) -> Caller:
    return Caller(make_api_key(team, by=alice).text)


@pytest.mark.parametrize("path", PATHS)
def test_only_owners_see_them(
    path: str, as_owner: Caller, as_team: Caller, as_charlie: Caller, as_nobody: Caller
) -> None:
    path = f"/v1/organizations/team/{path}"
    answers = [caller.get(path).status_code for caller in (as_owner, as_team, as_charlie, as_nobody)]
    assert answers == [200, 403, 404, 401]
    if not path.endswith("invoices"):
        assert [caller.post(path, {"amount_cents": 2_000}).status_code for caller in (as_team, as_charlie)] == [
            403,
            404,
        ]


def test_without_stripe_nothing_is_bought(as_owner: Caller) -> None:
    response = as_owner.post("/v1/organizations/team/payments", {"amount_cents": 2_000})
    assert response.status_code == 409
    assert "granted credits" in message_of(response)
    assert as_owner.post("/v1/webhooks/stripe", {}).status_code == 404


def post_event(caller: Caller, payload: str, signature: str) -> int:
    response = caller._client.post(
        "/v1/webhooks/stripe", payload, content_type="application/json", headers={"Stripe-Signature": signature}
    )
    return int(response.status_code)


def test_a_purchase_from_beginning_to_end(
    stripe: Simulator, as_owner: Caller, as_nobody: Caller, team: Organization, django_capture_on_commit_callbacks: Any
) -> None:
    begun = as_owner.post("/v1/organizations/team/payments", {"amount_cents": 2_000}).json()
    assert (begun["state"], begun["pay_url"].startswith("https://checkout.stripe.example/")) == ("created", True)
    stripe.act("pay_session", session=begun["pay_url"].rpartition("/")[2])
    for each in stripe.new_events():
        assert post_event(as_nobody, each.payload, each.signature.replace("v1=", "v1=0")) == 400
        assert [post_event(as_nobody, *each) for _ in range(2)] == [200, 200]
    for event_id in billing.list_waiting_events(now=datetime.now(tz=UTC) + timedelta(hours=1), limit=10):
        tasks.process_event(event_id)
    tasks.process_waiting_events()
    assert billing.get_balance(team.id) == 200_000 * billing.CREDIT
    paid = as_owner.get(f"/v1/organizations/team/payments/{begun['id']}").json()
    assert (paid["state"], paid["amount_cents"]) == ("succeeded", 2_000)
    assert as_owner.get(f"/v1/organizations/team/payments/{uuid.uuid4()}").status_code == 404


@pytest.mark.parametrize("body", [{}, {"amount_cents": 1}, {"amount_cents": "x"}, {"amount_cents": 10**9}, []])
def test_an_amount_must_be_one(stripe: Simulator, as_owner: Caller, body: object) -> None:
    assert as_owner.post("/v1/organizations/team/payments", body).status_code in {400, 409}


def test_an_invoice_has_its_lines(stripe: Simulator, as_owner: Caller, as_charlie: Caller, team: Organization) -> None:
    buyer = find_buyer(team.id)
    assert buyer is not None
    now = datetime.now(tz=UTC)
    billing.set_terms(organization_id=team.id, limit_cents=10_000, days_to_pay=14, now=now)
    spend(Payer(buyer), 1_234)
    later = (now.replace(day=1) + timedelta(days=32)).replace(day=1)
    assert billing.issue_invoice(buyer=buyer, name_members=lambda ids: {}, now=later)
    tasks.issue_invoices()
    (listed,) = as_owner.get("/v1/organizations/team/invoices").json()["results"]
    assert (listed["amount_cents"], listed["state"], listed["buyer"]) == (1_234, "open", "Team")
    whole = as_owner.get(f"/v1/organizations/team/invoices/{listed['id']}").json()
    assert sum(line["amount_microcredits"] for line in whole["lines"]) == 1_234 * 10**8
    assert as_charlie.get(f"/v1/organizations/charlie/invoices/{listed['id']}").status_code == 404


def test_a_payout_needs_an_account(stripe: Simulator, as_owner: Caller) -> None:
    response = as_owner.post("/v1/organizations/team/payouts")
    assert (response.status_code, "where the money goes" in message_of(response)) == (409, True)


def test_owners_are_mailed(stripe: Simulator, team: Organization, alice: User, mailoutbox: list[Any]) -> None:
    tell_owners(team.id, "Automatic top-up failed", "Your card was declined.")
    for _ in range(2):
        tasks.send_notices()
    (mail,) = mailoutbox
    assert mail.to == [scope_of(alice, "team").user.email]
    assert "/console/team/payments" in mail.body


def test_an_address_that_takes_no_mail_keeps_no_other_waiting(team: Organization, charlie: User) -> None:
    own = scope_of(charlie).organization
    for organization in (team, own):
        tell_owners(organization.id, "Automatic top-up failed", "Your card was declined.")
    sent: list[uuid.UUID] = []

    def send(notice: Notice) -> None:
        if notice.organization_id == team.id:
            raise SMTPRecipientsRefused({"nobody@example.com": (550, b"no such mailbox")})
        sent.append(notice.organization_id)

    now = timezone.now()
    assert (billing.send_notices(send, now=now), sent) == (1, [own.id])
    again: list[Notice] = []
    assert billing.send_notices(again.append, now=now + TRIED_FOR) == 0
    assert billing.send_notices(again.append, now=now) == 1
    assert [notice.organization_id for notice in again] == [team.id]


def test_an_event_that_goes_wrong_keeps_no_other_waiting(stripe: Simulator) -> None:
    for minutes, payload in ((9, "no event"), (8, "{}")):
        StripeEvent.objects.create(
            event_id=f"evt_{minutes}",
            kind="payment_intent.succeeded" if minutes == 9 else "plan.created",
            payload=payload,
            received_at=timezone.now() - timedelta(minutes=minutes),
        )
    tasks.process_waiting_events()
    assert list(StripeEvent.objects.filter(processed_at=None).values_list("pk", "attempts")) == [("evt_9", 1)]


def test_the_clock_does_nothing_without_stripe(db: None) -> None:
    for task in (tasks.run_top_ups, tasks.issue_invoices, tasks.run_payouts, tasks.reconcile, tasks.send_notices):
        task()
