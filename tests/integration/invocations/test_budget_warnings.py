"""Warnings of budgets: once for each threshold in a period, to owners and to a webhook."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from billing import api as billing
from billing.api import spent_field, spent_key
from billing.metering.hot_balances import connect
from billing.payments.models import Notice
from marketplace.accounts.models import User
from marketplace.invocations.budget_warnings import post_warning, warn_of_budgets
from marketplace.invocations.webhooks import NotDelivered
from marketplace.organizations.limits import set_budget
from marketplace.organizations.models import Organization
from tests.factories.people import scope_of


@pytest.fixture
def received() -> Iterator[tuple[str, list[dict[str, object]]]]:
    """A receiver's address, and what came: bodies with their signature."""
    came: list[dict[str, object]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            came.append(body | {"signature": self.headers["x-agora-signature"]})
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quietly."""

    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/hook", came
        server.shutdown()


def spend(team: Organization, amount: int) -> None:
    with connect() as client:
        client.hincrby(spent_key("day", timezone.now().timestamp()), spent_field(str(team.id)), amount)


def test_each_threshold_is_told_once(alice: User, team: Organization) -> None:
    now = timezone.now()
    set_budget(scope=scope_of(alice, "team"), period="day", amount=1_000, hard=True, at=now)
    assert warn_of_budgets(now=now) == 0
    spend(team, 499)
    assert warn_of_budgets(now=now) == 0
    spend(team, 400)
    assert [warn_of_budgets(now=now) for _ in range(2)] == [2, 0]
    spend(team, 101)
    assert [warn_of_budgets(now=now) for _ in range(2)] == [1, 0]
    notices = Notice.objects.filter(organization_id=team.id).order_by("created_at", "pk")
    assert sorted(notice.subject for notice in notices) == [
        f"{percent} % of a budget is spent" for percent in ("100", "50", "80")
    ]
    assert sum("Calls stop with 402" in notice.text for notice in notices) == 1
    assert billing.list_budgets(team.id, now)[0].percent == 100


def test_what_was_told_is_looked_up_at_once(
    alice: User, team: Organization, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    now = timezone.now()
    set_budget(scope=scope_of(alice, "team"), period="day", amount=1_000, hard=True, at=now)
    spend(team, 1_000)
    assert warn_of_budgets(now=now) == 3
    with django_assert_max_num_queries(8) as queries:
        assert warn_of_budgets(now=now) == 0
    assert sum("budgets_crossing" in query["sql"] for query in queries) == 1


def test_a_webhook_gets_it_signed(
    team: Organization, received: tuple[str, list[dict[str, object]]], settings: Any
) -> None:
    settings.WEBHOOK_PRIVATE_NETWORKS = True
    address, came = received
    post_warning(organization_id=team.id, url=address, body=json.dumps({"percent": 80}))
    assert came[0]["percent"] == 80
    assert str(came[0]["signature"]).startswith("t=")
    with pytest.raises(NotDelivered):
        post_warning(organization_id=team.id, url=address.replace("127.0.0.1", "127.0.0.2:1/"), body="{}")
