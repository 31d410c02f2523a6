"""Pages ask the database as often with many rows as with few."""

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from marketplace.accounts.models import User
from marketplace.algorithms.models import Version
from tests.factories.calls import record_calls
from tests.factories.catalogue import make_algorithm, make_version

MOST_QUERIES = {
    "/": 14,
    "/?q=tool&tag=tool&sort=new": 12,
    "/?q=tol": 12,
    "/owners/alice": 7,
    "/algorithms/alice/deblur": 12,
    "/publish": 0,
}


def count_queries(client: Client, address: str) -> int:
    cache.clear()
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


@pytest.mark.parametrize("address", MOST_QUERIES)
def test_queries_do_not_grow(anonymous: Client, alice: User, deblur: Version, address: str) -> None:
    record_calls(make_tool(alice))
    few = count_queries(anonymous, address)
    for _ in range(5):
        record_calls(make_tool(alice), 2)
        make_version(deblur.algorithm)
    assert count_queries(anonymous, address) == few
    assert few <= MOST_QUERIES[address]


def make_tool(by: User) -> Version:
    """A version that every list of the store shows."""
    return make_version(make_algorithm(by=by, tags=["tool"], summary="A tool."))


def test_signing_in_costs_a_few_more(as_bob: Client, team: object, deblur: Version) -> None:
    assert count_queries(as_bob, "/algorithms/alice/deblur") <= MOST_QUERIES["/algorithms/alice/deblur"] + 8
