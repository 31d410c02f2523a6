"""Pages of the console ask the database as often with many rows as with few."""

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from marketplace.accounts.models import User
from marketplace.organizations.models import Organization
from tests.factories.calls import record_calls
from tests.factories.catalogue import make_algorithm, make_version
from tests.factories.people import make_api_key, make_organization, make_user
from tests.integration.web.console.conftest import TEAM, Things

MOST_QUERIES = {
    "": 14,
    "/keys": 8,
    "/calls": 7,
    "/calls?side=received": 6,
    "/balance": 13,
    "/usage": 8,
    "/usage?by=key": 9,
    "/usage?by=member": 9,
    "/budgets": 9,
    "/algorithms": 10,
    "/algorithms/secret": 10,
    "/members": 6,
    "/audit": 7,
    "/payments": 10,
    "/invoices": 7,
    "/payouts": 8,
}


def count_queries(client: Client, address: str) -> int:
    cache.clear()
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


@pytest.mark.parametrize("path", MOST_QUERIES)
def test_queries_do_not_grow(as_alice: Client, alice: User, team: Organization, things: Things, path: str) -> None:
    as_alice.get(TEAM)  # the first page notes that she was seen
    few = count_queries(as_alice, TEAM + path)
    for number in range(4):
        key = make_api_key(team, by=alice).row
        version = make_version(make_algorithm(by=alice, owner="team"), by=alice)
        make_version(things.algorithm, by=alice)
        record_calls(version, 2, payer_id=team.id, key_id=key.id)
        make_organization(f"other{number}", owner=alice)
        as_alice.post(f"{TEAM}/members", {"person": make_user().username, "role": "developer"})
    assert count_queries(as_alice, TEAM + path) == few
    assert few <= MOST_QUERIES[path]
