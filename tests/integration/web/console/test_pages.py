"""Overview, calls, algorithms, builds, audit log: what they say."""

import re
import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from billing import api as billing
from billing.api import CREDIT
from billing.ledger.models import AccountKind, TransactionKind
from billing.ledger.services import Movement, open_account, post_transaction
from billing.metering.models import CallRecord
from marketplace.accounts.models import User
from marketplace.algorithms.models import Build, BuildState
from marketplace.organizations.models import Organization
from marketplace.web.console.calls import CALLS_PER_PAGE
from tests.factories.calls import record_calls
from tests.factories.catalogue import make_algorithm, make_build, make_version
from tests.factories.people import make_api_key, scope_of
from tests.integration.web.console.conftest import TEAM, Things
from tests.integration.web.document import Document


def headings(page: Document) -> list[str]:
    return [each.text.strip() for tag in ("h1", "h2", "h3") for each in page.find(tag)]


def figures(page: Document) -> dict[str, str]:
    names, values = page.find("dt"), page.find("dd")
    return {name.text: " ".join(value.text.split()) for name, value in zip(names, values, strict=True)}


def rows(page: Document) -> list[str]:
    return [" ".join(row.text.split()) for row in page.find("tr") if "tbody" in row.inside]


def test_someone_new_is_led_from_step_to_step(as_charlie: Client, charlie: User) -> None:
    def now() -> str:
        page = Document(as_charlie.get("/console/charlie"))
        return " ".join(page.find("li", class_="now")[0].text.split())

    assert "Make a key" in now()
    make_api_key(by=charlie)
    assert "Find an algorithm" in now()
    public = make_version(make_algorithm("hello"), sample_input='"world"')
    assert "-d '\"world\"'" in now()
    record_calls(public, payer_id=scope_of(charlie).organization.id)
    assert "How to publish" in now()
    make_algorithm("own", by=charlie)
    assert Document(as_charlie.get("/console/charlie")).find("section", class_="next-steps") == []


def test_the_overview_adds_up_30_days(as_alice: Client, team: Organization, things: Things) -> None:
    record_calls(things.version, 3, payer_id=team.id, run_us=2_000_000)
    record_calls(things.version, 2, payer_id=team.id, outcome="timeout")
    record_calls(things.version, 7, payer_id=team.id, at=timezone.now() - timedelta(days=31))
    record_calls(things.version, 4)
    shown = figures(Document(as_alice.get(TEAM)))
    assert shown["Balance"] == "0 credits"
    assert shown["Spent, 30 days"] == "6.001 credits"
    assert shown["Calls made, 30 days"] == "6 2 failed"
    assert shown["Calls received, 30 days"] == "10 2 failed"


def test_large_figures_are_rounded_down(as_charlie: Client, charlie: User) -> None:
    billing.grant_credits(
        grant_id=uuid.uuid4(),
        organization_id=scope_of(charlie).organization.id,
        amount=1_234_567_899_999,
        cause="A gift",
    )
    page = Document(as_charlie.get("/console/charlie/balance"))
    assert figures(page)["To spend"] == "1,244,567.89 credits, $124.46"
    assert any("A gift grant +1,234,567.9" in row for row in rows(page))


def test_calls_are_paged_by_the_last_one_shown(as_alice: Client, team: Organization, things: Things) -> None:
    for number in range(CALLS_PER_PAGE + 3):
        record_calls(
            things.version, payer_id=team.id, run_us=1_000 + number, at=timezone.now() - timedelta(hours=number)
        )
    first = Document(as_alice.get(f"{TEAM}/calls"))
    (older,) = [link for link in first.links() if "before=" in link]
    second = Document(as_alice.get(f"{TEAM}/calls{older}"))
    assert (len(rows(first)), len(rows(second))) == (CALLS_PER_PAGE, 4)
    calls = [link for page in (first, second) for link in page.links() if link.startswith(f"{TEAM}/calls/")]
    assert len(set(calls)) == CALLS_PER_PAGE + 4


def test_an_entry_of_the_account_leads_to_the_calls_that_it_is_for(
    as_bob: Client, as_charlie: Client, team: Organization, things: Things
) -> None:
    together, alone = record_calls(things.version, 3, payer_id=team.id), record_calls(things.version, payer_id=team.id)
    post_calls(team, "together", together)
    post_calls(team, "alone", alone)
    page = Document(as_bob.get(f"{TEAM}/balance"))
    links = {each.text: each.attributes["href"] for each in page.find("a", class_="row-target")}
    of_three = as_bob.get(links["together"])
    assert {call.record.call_id for call in of_three.context["calls"]} == set(together)
    assert len(rows(Document(of_three))) == 3
    assert "the account" in [link.text for link in Document(of_three).find("a", href=f"{TEAM}/balance")]
    assert as_bob.get(links["alone"])["Location"] == f"{TEAM}/calls/{alone[0]}"
    unknown = as_bob.get(f"{TEAM}/calls?posting={uuid.uuid4()}")
    assert "These calls are gone" in unknown.content.decode()
    posting = links["together"].partition("posting=")[2]
    assert as_charlie.get(f"/console/charlie/calls?posting={posting}").context["calls"] == []
    assert as_charlie.get(f"/console/charlie/calls?side=received&posting={posting}").context["calls"] == []


def post_calls(payer: Organization, cause: str, call_ids: list[uuid.UUID]) -> None:
    """One entry of the payer's account for these recorded calls, as the drain makes it."""
    kinds = {AccountKind.CUSTOMER: payer.id, AccountKind.PLATFORM_REVENUE: None}
    customer, platform = (open_account(kind=kind, organization_id=owner) for kind, owner in kinds.items())
    posting, now = uuid.uuid4(), timezone.now()
    post_transaction(
        transaction_id=posting,
        kind=TransactionKind.CALL,
        cause=cause,
        movements=[Movement(customer, -len(call_ids)), Movement(platform, len(call_ids))],
        posted_at=now,
    )
    CallRecord.objects.filter(call_id__in=call_ids).update(posting_id=posting, recorded_at=now)


@pytest.mark.parametrize("before", ["nonsense", "00000000-0000-0000-0000-000000000000", "%00"])
def test_a_page_that_nobody_was_sent_to(as_alice: Client, team: Organization, things: Things, before: str) -> None:
    assert as_alice.get(f"{TEAM}/calls?before={before}").status_code == 200
    assert as_alice.get(f"{TEAM}/balance?before={before}").status_code == 200


def test_of_received_calls_neither_payer_nor_key_is_shown(as_alice: Client, team: Organization, things: Things) -> None:
    stranger = uuid.uuid4()
    (call_id,) = record_calls(things.version, payer_id=stranger, key_id=uuid.uuid4(), outcome="crashed")
    page = Document(as_alice.get(f"{TEAM}/calls?side=received"))
    assert len(rows(page)) == 2
    assert "Key" not in [head.text for head in page.find("th")]
    one = as_alice.get(f"{TEAM}/calls/{call_id}").content.decode()
    assert "another organization" in one
    assert "Its process ended in the middle of the call" in one
    assert str(stranger) not in one


def test_a_call_has_everything_that_is_recorded(as_bob: Client, things: Things) -> None:
    page = Document(as_bob.get(f"{TEAM}/calls/{things.call_id}"))
    assert "team/secret 0.1.0" in headings(page)
    shown = figures(page)
    assert shown["Running"] == "1 ms"
    assert shown["Waiting"] == "20 µs"
    assert shown["Credits"] == "0.001"
    assert shown["Memory at most"] == "19 MiB"
    assert shown["Made with"] == "the key laptop"
    assert shown["Call"] == str(things.call_id)


OUTCOMES = {
    "ok": "answered",
    "algorithm_error": "failed",
    "timeout": "timed out",
    "crashed": "crashed",
    "cancelled": "cancelled",
    "unavailable": "unavailable",
}


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_every_outcome_has_a_word(as_alice: Client, things: Things, outcome: str) -> None:
    (call_id,) = record_calls(things.version, payer_id=things.algorithm.organization_id, outcome=outcome)
    page = Document(as_alice.get(f"{TEAM}/calls/{call_id}"))
    assert OUTCOMES[outcome] in [badge.text for badge in page.find("span", class_="badge")]
    assert ("It cost nothing." in page.find("main")[0].text) == (outcome != "ok")


def test_own_algorithms_are_listed_whatever_their_state(as_bob: Client, alice: User, things: Things) -> None:
    make_algorithm("bare", by=alice, owner="team")
    make_build(make_algorithm("broken", by=alice, owner="team"), by=alice, state=BuildState.FAILED)
    make_version(make_algorithm("shown", by=alice, owner="team"), by=alice)
    record_calls(things.version, 2)
    listed = rows(Document(as_bob.get(f"{TEAM}/algorithms")))
    assert [row.split()[:3] for row in listed] == [
        ["shown", "public", "0.1.0"],
        ["broken", "no", "version"],
        ["bare", "no", "version"],
        ["secret", "private", "0.1.0"],
    ]
    assert "failed" in listed[1]
    assert listed[3].endswith(" 3 0")


def test_an_author_withdraws_a_version(as_alice: Client, as_bob: Client, things: Things) -> None:
    address = f"{TEAM}/algorithms/secret"
    withdraw = f"{address}/versions/0.1.0/withdraw"
    assert withdraw in Document(as_alice.get(address)).links()
    assert withdraw not in Document(as_bob.get(address)).links()
    assert "Withdraw secret 0.1.0?" in headings(Document(as_alice.get(withdraw)))
    page = Document(as_alice.post(withdraw, follow=True))
    things.version.refresh_from_db()
    assert things.version.withdrawn_at is not None
    assert any("withdrawn" in row for row in rows(page))
    assert withdraw not in page.links()
    assert as_alice.get(f"{address}/versions/9.9.9/withdraw").status_code == 404


def test_a_build_is_followed_until_it_is_over(as_alice: Client, alice: User, things: Things) -> None:
    going_on = make_build(things.algorithm, by=alice, state=BuildState.BUILDING)
    Build.objects.filter(pk=going_on.pk).update(log="<b>step 1</b>\n")
    address = f"{TEAM}/algorithms/secret/builds/{going_on.id}"
    page = Document(as_alice.get(address))
    (section,) = page.find("section", class_="build")
    assert section.attributes["data-live"] == f"/live/builds/team/{going_on.id}"
    assert [log.text for log in page.find("pre")] == ["<b>step 1</b>\n"]
    assert f"{address}/cancel" in [form.attributes.get("action") for form in page.find("form")]
    Build.objects.filter(pk=going_on.pk).update(state=BuildState.FAILED, error="No such package.")
    fragment = Document(as_alice.get(address, headers={"HX-Request": "true"}))
    assert "hx-get" not in fragment.elements[0].attributes
    assert [form.attributes.get("action") for form in fragment.find("form")] == [f"{address}/retry"]
    assert "No such package." in fragment.elements[0].text


def test_a_build_is_cancelled_and_begun_again(as_alice: Client, alice: User, things: Things) -> None:
    address = f"{TEAM}/algorithms/secret/builds"
    make_build(things.algorithm, by=alice, state=BuildState.QUEUED)
    waiting = make_build(things.algorithm, by=alice, state=BuildState.QUEUED)
    assert "Number 2 in the queue." in as_alice.get(f"{address}/{waiting.id}").content.decode()
    page = as_alice.post(f"{address}/{waiting.id}/cancel", follow=True).content.decode()
    assert "Cancelled by alice." in page
    answer = as_alice.post(f"{address}/{waiting.id}/retry")
    again = Build.objects.get(state=BuildState.QUEUED, source_hash=waiting.source_hash)
    assert answer.headers["Location"] == f"{address}/{again.id}"


def test_the_audit_log_says_who_did_what(as_alice: Client, things: Things) -> None:
    listed = rows(Document(as_alice.get(f"{TEAM}/audit")))
    for act, details in (
        ("alice made the key laptop", "prefix"),
        ("alice published team/secret/0.1.0", "royalty per call 0 credits"),
        ("alice made the algorithm team/secret", "public no"),
    ):
        assert any(act in row and details in row for row in listed), act


def test_what_people_type_is_text(as_alice: Client, alice: User, team: Organization) -> None:
    make_api_key(team, by=alice, name="<script>alert(1)</script>")
    for path in ("/keys", "/audit"):
        assert "<script>alert" not in as_alice.get(TEAM + path).content.decode()


@pytest.mark.parametrize("key", ["", "sk_test_any"])
def test_credits_are_sold_where_the_platform_takes_payments(as_charlie: Client, settings: object, key: str) -> None:
    settings.STRIPE_SECRET_KEY = key
    assert ("Buy credits" in as_charlie.get("/console/charlie/balance").content.decode()) == bool(key)


def test_credits_are_worth_what_the_operator_set(as_charlie: Client, settings: object) -> None:
    settings.CREDITS_PER_DOLLAR = 2_000
    page = as_charlie.get("/console/charlie/balance")
    assert figures(Document(page))["To spend"] == "10,000 credits, $5.00"
    for path in ("balance", "payments", "budgets"):
        assert re.search(
            "2,000 (credits )?are one US dollar", as_charlie.get(f"/console/charlie/{path}").content.decode()
        )


def test_free_credits_stand_in_the_books(as_charlie: Client, charlie: User, settings: object) -> None:
    page = Document(as_charlie.get("/console/charlie/balance"))
    assert figures(page)["To spend"] == "10,000 credits, $1.00"
    assert [row for row in rows(page) if "Free credits grant +10,000" in row]
    assert billing.get_balance(scope_of(charlie).organization.id) == 10_000 * CREDIT
