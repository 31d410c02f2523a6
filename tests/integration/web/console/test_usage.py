"""The pages of usage and budgets, and the tree of a call."""

import csv
import io
import uuid
from datetime import timedelta

from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from billing.api import close_books
from marketplace.accounts.models import User
from marketplace.organizations.models import Organization
from tests.factories.calls import record_calls
from tests.integration.web.console.conftest import TEAM, Things
from tests.integration.web.document import Document


def test_usage_is_divided_by_algorithm_key_and_member(as_bob: Client, team: Organization, things: Things) -> None:
    record_calls(things.version, 3, payer_id=team.id, run_us=2_000_000)
    by_algorithm = Document(as_bob.get(f"{TEAM}/usage"))
    assert any("team/secret" in row.text for row in by_algorithm.find("tr"))
    by_key = Document(as_bob.get(f"{TEAM}/usage?by=key"))
    rows = [row.text for row in by_key.find("tr")]
    assert any("laptop" in row for row in rows)
    assert any("Without a key" in row for row in rows)
    table = as_bob.get(f"{TEAM}/usage.csv?by=version")
    lines = list(csv.DictReader(io.StringIO(b"".join(table.streaming_content).decode())))  # type: ignore[attr-defined]
    assert [(line["version"], line["calls"], line["cost_microcredits"]) for line in lines] == [
        ("team/secret 0.1.0", "4", "6001000")
    ]


def test_usage_of_the_last_hour_and_day(as_bob: Client, team: Organization, things: Things) -> None:
    for minutes, count in ((20, 2), (300, 3), (3_000, 4)):
        at = timezone.now() - timedelta(minutes=minutes)
        record_calls(things.version, count, payer_id=team.id, key_id=things.key.id, at=at)
    for period, bars, calls in (("hour", 60, 3), ("day", 24, 6), ("month", 30, 10), ("nonsense", 30, 10)):
        response = as_bob.get(f"{TEAM}/usage?by=key&period={period}")
        assert (len(response.context["chart"].bars), response.context["calls"]) == (bars, calls)
        assert [line.totals.calls for line in response.context["lines"]] == [calls]
        assert f"{TEAM}/usage.csv?period={period}&by=key" in Document(response).links()
        table = as_bob.get(f"{TEAM}/usage.csv?by=key&period={period}")
        assert f"laptop,{calls}," in b"".join(table.streaming_content).decode()  # type: ignore[attr-defined]


def test_of_received_calls_keys_and_members_are_not_told(as_bob: Client, things: Things) -> None:
    record_calls(things.version, 2, payer_id=uuid.uuid4(), key_id=uuid.uuid4())
    page = Document(as_bob.get(f"{TEAM}/usage?side=received&by=key"))
    assert any("team/secret" in row.text for row in page.find("tr"))
    assert not [link for link in page.links() if "by=key" in link or "by=member" in link]


def test_strangers_see_neither_page(as_charlie: Client, team: Organization) -> None:
    for path in ("usage", "usage.csv", "budgets"):
        assert as_charlie.get(f"{TEAM}/{path}").status_code == 404


def test_owners_set_and_remove_budgets_and_members_read_them(
    as_alice: Client, as_bob: Client, team: Organization, things: Things
) -> None:
    hook = "https://example.com/hook"
    form = {"subject": f"key:{things.key.id}", "period": "month", "credits": "2.5", "hard": "on", "webhook_url": hook}
    assert as_alice.post(f"{TEAM}/budgets", form).status_code == 302
    assert as_alice.post(f"{TEAM}/budgets", form | {"subject": "member:bob", "period": "day"}).status_code == 302
    page = Document(as_bob.get(f"{TEAM}/budgets"))
    rows = [row.text for row in page.find("tr")]
    assert any("Key laptop" in row and "2.5" in row for row in rows)
    assert any("Member bob" in row for row in rows)
    assert page.find("form", method="post", action=f"{TEAM}/budgets") == []
    assert as_bob.post(f"{TEAM}/budgets", form).status_code == 403
    assert any("Key laptop" in row and "and a webhook" in row for row in rows)
    assert as_alice.post(f"{TEAM}/budgets", form | {"webhook_url": "http://10.0.0.1/hook"}).status_code == 200
    [budget, *_] = as_alice.get(f"{TEAM}/budgets").context["rows"]
    assert budget.line.budget.webhook_url == hook
    assert as_alice.post(f"{TEAM}/budgets/{budget.line.budget.id}/remove").status_code == 302
    assert len(as_alice.get(f"{TEAM}/budgets").context["rows"]) == 1
    assert as_alice.post(f"{TEAM}/budgets", form | {"credits": "-1"}).status_code == 200


def test_a_call_shows_its_tree_with_the_cost_of_each_part(as_bob: Client, team: Organization, things: Things) -> None:
    calls = record_calls(things.version, 3, payer_id=team.id, run_us=1_000_000)
    with connection.cursor() as cursor:
        for child, parent in ((calls[1], calls[0]), (calls[2], calls[1])):
            cursor.execute(
                "UPDATE metering_call_record SET root_id = %s, parent_id = %s WHERE call_id = %s",
                [calls[0], parent, child],
            )
    for call in calls:
        nodes = as_bob.get(f"{TEAM}/calls/{call}").context["tree"]
        assert [(node.record.call_id, node.depth) for node in nodes] == [(calls[0], 0), (calls[1], 1), (calls[2], 2)]
        assert [node.whole for node in nodes] == [3_000_000, 2_000_000, 1_000_000]
    assert as_bob.get(f"{TEAM}/calls/{things.call_id}").context["tree"] == []


def test_the_operator_sees_revenue_and_closes(alice: User, as_alice: Client, things: Things) -> None:
    assert as_alice.get(reverse("operator:money")).status_code == 404
    User.objects.filter(pk=alice.pk).update(is_superuser=True)
    close_books(until=timezone.now(), closed_at=timezone.now())
    page = Document(as_alice.get(reverse("operator:money")))
    assert any("in order" in row.text or "differs" in row.text for row in page.find("tr"))
    assert page.find("figure", class_="day-chart")
