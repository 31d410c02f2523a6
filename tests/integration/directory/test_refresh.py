"""The whole directory made anew equals the one that grew change by change."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from billing import api as billing
from marketplace.accounts.models import User
from marketplace.algorithms.publication import collect_algorithm_entries
from marketplace.algorithms.services import withdraw_version
from marketplace.directory.entries import ALGORITHMS, KEYS
from marketplace.invocations.services import RefreshReport, refresh_directory
from marketplace.organizations.models import ApiKey
from marketplace.organizations.services import revoke_api_key
from tests.factories.catalogue import make_algorithm, make_version
from tests.factories.people import make_api_key
from tests.integration.directory.conftest import Gateway


@pytest.fixture
def world(gateway: Gateway, alice: User, bob: User) -> Gateway:
    """Algorithms with several versions, withdrawn ones, private ones; keys, and a revoked one."""
    for name, public in (("echo", True), ("Secret", False), ("gone", True)):
        algorithm = make_algorithm(name, by=alice, public=public)
        make_version(algorithm, royalty_per_call=5)
        withdraw_version(version=make_version(algorithm), by=alice)
    withdraw_version(version=algorithm.versions.get(withdrawn_at=None), by=alice)
    make_version(make_algorithm("echo", by=bob))
    make_algorithm("empty", by=bob)
    revoke_api_key(key=make_api_key(by=alice).row, by=alice)
    make_api_key(by=bob)
    make_api_key(by=alice)
    gateway.hear()
    return gateway


def test_there_is_nothing_to_refresh_in_a_directory_that_grew(world: Gateway) -> None:
    assert refresh_directory() == RefreshReport(keys=0, algorithms=0, balances=0)
    assert world.hear() == []


def test_a_lost_directory_comes_back_the_same(world: Gateway) -> None:
    grown = world.whole_directory()
    assert (len(grown[KEYS]), sorted(grown[ALGORITHMS])) == (2, [b"alice/echo", b"alice/secret", b"bob/echo"])
    world.client.delete(KEYS, ALGORITHMS)
    report = refresh_directory()
    assert (report.keys, report.algorithms) == (2, 3)
    assert world.whole_directory() == grown
    assert len(world.hear()) == 5


def test_what_should_not_be_there_goes(world: Gateway) -> None:
    grown = world.whole_directory()
    world.client.hset(KEYS, "f" * 64, "{}")
    world.client.hset(KEYS, ApiKey.objects.exclude(revoked_at=None).get().key_hash, "{}")
    world.client.hset(ALGORITHMS, mapping={"alice/gone": "{}", "nobody/nothing": "{}", "alice/echo": "broken"})
    report = refresh_directory()
    assert (report.keys, report.algorithms) == (2, 3)
    assert world.whole_directory() == grown


def test_keys_of_people_who_were_locked_out_go(world: Gateway, bob: User) -> None:
    bob.is_active = False
    bob.save()
    assert refresh_directory().keys == 1
    assert list(world.client.hgetall(KEYS)) == [
        ApiKey.objects.get(created_by__username="alice", revoked_at=None).key_hash.encode()
    ]


def test_an_announced_price_comes_into_force(world: Gateway, bob: User) -> None:
    version = make_algorithm("later", by=bob)
    published = make_version(version)
    soon = timezone.now() + timedelta(seconds=1)
    billing.set_price(version_id=published.id, compute_per_second=3, royalty_per_call=9, effective_at=soon)
    assert refresh_directory().algorithms == 1
    announced = world.find_algorithm("bob/later")
    assert announced is not None
    assert announced.versions[0].price.royalty_per_call == 0
    assert [price.royalty_per_call for price in announced.versions[0].later_prices] == [9]
    while timezone.now() < soon:
        pass
    assert refresh_directory().algorithms == 1
    entry = world.find_algorithm("bob/later")
    assert entry is not None
    assert (entry.versions[0].price.compute_per_second, entry.versions[0].price.royalty_per_call) == (3, 9)


def test_collecting_costs_the_same_queries_however_many_there_are(alice: User) -> None:
    def count() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            collect_algorithm_entries()
        return len(queries)

    make_version(make_algorithm(by=alice))
    before = count()
    for _ in range(3):
        algorithm = make_algorithm(by=alice)
        make_version(algorithm)
        make_version(algorithm)
    assert count() == before == 7
