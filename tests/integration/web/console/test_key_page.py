"""The page of one key: what it may do, what it spent, its budgets and its rate."""

import pytest
from django.test import Client

from billing.api import CREDIT
from marketplace.accounts.models import User
from marketplace.audit.models import AuditEvent
from marketplace.organizations.key_permissions import KeyPermissions
from marketplace.organizations.models import Organization
from marketplace.organizations.services import create_api_key
from tests.integration.web.console.conftest import TEAM, Things


def read(client: Client, things: Things) -> str:
    return " ".join(client.get(f"{TEAM}/keys/{things.key.id}").content.decode().split())


def test_it_says_what_the_key_may_and_what_it_did(as_bob: Client, alice: User, team: Organization) -> None:
    bounds = KeyPermissions(algo_acl=("algo://team/*",), allow_data=False, addresses=("203.0.113.0/24",))
    key = create_api_key(organization=team, name="nightly", by=alice, permissions=bounds).row
    page = as_bob.get(f"{TEAM}/keys/{key.id}").content.decode()
    for text in ("nightly", key.prefix, "algo://team/*", "203.0.113.0/24", "as fast as it can", "never"):
        assert text in page
    assert "Set a budget" not in page, "a developer sees limits, and sets none"


def test_its_month_is_counted(as_alice: Client, things: Things) -> None:
    assert "<dt>Calls, this month</dt><dd>1</dd>" in read(as_alice, things)


def test_its_budgets_are_set_shown_and_removed(as_alice: Client, things: Things) -> None:
    place = f"{TEAM}/keys/{things.key.id}"
    answer = as_alice.post(f"{place}/budget", {"period": "day", "credits": "2.5", "hard": "on"})
    assert answer["Location"] == place
    assert "of 2.5 credits today" in read(as_alice, things)
    event = AuditEvent.objects.get(action="budget.set")
    assert (event.details["amount"], event.subject_label) == (5 * CREDIT // 2, "laptop")
    (line,) = as_alice.get(place).context["budgets"]
    remove = f"{TEAM}/budgets/{line.budget.id}/remove"
    assert as_alice.post(remove, {"key": str(things.key.id)})["Location"] == place
    assert "None of its own" in read(as_alice, things)


def test_its_rate_is_set_and_lifted(as_alice: Client, things: Things) -> None:
    place = f"{TEAM}/keys/{things.key.id}"
    as_alice.post(f"{place}/limits", {"calls_per_second": "7", "calls_at_once": "2"})
    assert "7 calls per second, 2 at once" in read(as_alice, things)
    as_alice.post(f"{place}/limits", {})
    assert "as fast as it can" in read(as_alice, things)


@pytest.mark.parametrize(
    ("path", "form"), [("budget", {"period": "day", "credits": "-1"}), ("limits", {"calls_per_second": "0"})]
)
def test_what_cannot_be_is_said_in_place(as_alice: Client, things: Things, path: str, form: dict[str, str]) -> None:
    answer = as_alice.post(f"{TEAM}/keys/{things.key.id}/{path}", form)
    assert answer.status_code == 200
    assert "field-error" in answer.content.decode()
    assert "as fast as it can" in read(as_alice, things)
