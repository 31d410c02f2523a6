"""Calls and figures, as pages show them."""

import uuid

import pytest

from marketplace.accounts.models import User
from marketplace.algorithms.models import Algorithm, Version
from marketplace.errors import NotFound
from marketplace.invocations.selectors import (
    count_calls,
    get_call,
    get_statistics,
    list_calls,
    list_days,
    list_received_calls,
    list_statistics,
    order_by_calls,
)
from marketplace.organizations.models import Organization
from tests.factories.catalogue import make_algorithm, make_version
from tests.factories.people import make_api_key, scope_of
from tests.integration.invocations.conftest import Record

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def echo(alice: User) -> Version:
    return make_version(make_algorithm("echo", by=alice))


def test_a_payer_sees_the_key_and_an_author_does_not(record: Record, echo: Version, alice: User, bob: User) -> None:
    key = make_api_key(by=bob, name="laptop").row
    call_id = record(echo, key.organization, key)
    (paid,) = list_calls(scope=scope_of(bob))
    assert (paid.record.call_id, paid.payer, paid.key_name) == (call_id, "bob", "laptop")
    (received,) = list_received_calls(scope=scope_of(alice))
    assert (received.record.call_id, received.payer, received.key_name) == (call_id, None, None)
    assert list_calls(scope=scope_of(alice)) == list_received_calls(scope=scope_of(bob)) == []


def test_calls_stand_newest_first_page_by_page(record: Record, echo: Version, bob: User) -> None:
    scope = scope_of(bob)
    ids = [record(echo, scope.organization, ago=ago) for ago in (3, 2, 1)]
    first = list_calls(scope=scope, limit=2)
    assert [call.record.call_id for call in first] == [ids[2], ids[1]]
    rest = list_calls(scope=scope, limit=2, before=first[-1].record.call_id)
    assert [call.record.call_id for call in rest] == [ids[0]]


def test_strangers_find_no_call(record: Record, echo: Version, alice: User, bob: User, charlie: User) -> None:
    call_id = record(echo, scope_of(bob).organization)
    assert get_call(scope=scope_of(bob), call_id=call_id).payer == "bob"
    assert get_call(scope=scope_of(alice), call_id=call_id).payer is None
    for scope, wanted in ((scope_of(charlie), call_id), (scope_of(bob), uuid.uuid4())):
        with pytest.raises(NotFound, match="no such call"):
            get_call(scope=scope, call_id=wanted)


def test_a_team_pays_for_its_own_calls(record: Record, echo: Version, team: Organization, bob: User) -> None:
    record(echo, team, make_api_key(team, by=bob, name="robot").row)
    assert [call.key_name for call in list_calls(scope=scope_of(bob, "team"))] == ["robot"]
    assert list_calls(scope=scope_of(bob)) == []


def test_figures_of_an_algorithm(record: Record, echo: Version, bob: User) -> None:
    payer = scope_of(bob).organization
    for run_us, outcome in ((100, "ok"), (300, "ok"), (900, "ok"), (5, "timeout")):
        record(echo, payer, run_us=run_us, outcome=outcome)
    found = get_statistics(algorithm=echo.algorithm)
    assert (found.calls, found.failed, found.median_run_us, found.p99_run_us) == (4, 1, 300, 900)
    today = list_days(algorithm=echo.algorithm)[-1]
    assert (today.calls, today.failed) == (4, 1)
    assert count_calls() == 4


def test_an_algorithm_nobody_calls(echo: Version) -> None:
    found = get_statistics(algorithm=echo.algorithm)
    assert (found.calls, found.median_run_us) == (0, None)
    assert [day.calls for day in list_days(algorithm=echo.algorithm)] == [0] * 30


def test_figures_of_many_cost_one_query_and_then_none(
    record: Record,
    echo: Version,
    bob: User,
    django_assert_num_queries,  # type: ignore[no-untyped-def]
) -> None:
    other = make_version(make_algorithm("other", by=bob))
    record(echo, scope_of(bob).organization)
    algorithms = [echo.algorithm, other.algorithm]
    with django_assert_num_queries(1):
        found = list_statistics(algorithms=algorithms)
    assert [found[algorithm.id].calls for algorithm in algorithms] == [1, 0]
    with django_assert_num_queries(0):
        assert list_statistics(algorithms=algorithms) == found


def test_the_most_called_stand_first(record: Record, alice: User, bob: User) -> None:
    versions = [make_version(make_algorithm(name, by=alice)) for name in ("few", "none", "many", "newest")]
    payer = scope_of(bob).organization
    for version, count in ((versions[0], 1), (versions[2], 2)):
        for _ in range(count):
            record(version, payer)
    ordered = [algorithm.name for algorithm in order_by_calls(Algorithm.objects.all())]
    assert ordered == ["many", "few", "newest", "none"]
