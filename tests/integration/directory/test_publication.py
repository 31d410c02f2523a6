"""What the services commit is in the directory, and gateways are told."""

import pytest
import redis
from django.db import transaction

from marketplace.accounts.models import User
from marketplace.algorithms.services import update_algorithm, withdraw_version
from marketplace.directory import publisher
from marketplace.directory.entries import ALGORITHMS, Change
from marketplace.organizations.models import Organization
from marketplace.organizations.services import remove_member, revoke_api_key
from tests.factories.catalogue import make_algorithm, make_build, make_version
from tests.factories.people import make_api_key, make_user
from tests.integration.directory.conftest import Gateway


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Redis that nobody answers for."""
    nobody = redis.Redis.from_url("unix:///nonexistent/redis.sock")
    monkeypatch.setattr(publisher, "_client", lambda: nobody)


def test_a_new_key_can_be_used_once_committed(gateway: Gateway) -> None:
    user = make_user()
    with transaction.atomic():
        key = make_api_key(by=user).row
        assert gateway.find_key(key.key_hash) is None
    entry = gateway.find_key(key.key_hash)
    assert entry is not None
    assert (entry.key_id, entry.user_id, entry.organization_id) == (str(key.id), user.pk, str(key.organization_id))
    assert gateway.hear() == [Change("keys", key.key_hash)]


def test_a_key_that_is_rolled_back_never_was(gateway: Gateway) -> None:
    user = make_user()
    with transaction.atomic():
        make_api_key(by=user)
        transaction.set_rollback(True)
    assert gateway.hear() == []


def test_a_revoked_key_vanishes(gateway: Gateway) -> None:
    user = make_user()
    key = make_api_key(by=user).row
    gateway.hear()
    revoke_api_key(key=key, by=user)
    assert gateway.find_key(key.key_hash) is None
    assert gateway.hear() == [Change("keys", key.key_hash)]


def test_keys_of_someone_who_leaves_vanish(gateway: Gateway, team: Organization, alice: User, bob: User) -> None:
    theirs, mine = (make_api_key(team, by=user).row for user in (bob, alice))
    remove_member(organization=team, user=bob, by=alice)
    assert gateway.find_key(theirs.key_hash) is None
    assert gateway.find_key(mine.key_hash) is not None


def test_whoever_revokes_learns_that_gateways_were_not_told(gateway: Gateway, request: pytest.FixtureRequest) -> None:
    user = make_user()
    key = make_api_key(by=user).row
    request.getfixturevalue("away")
    with pytest.raises(redis.ConnectionError):
        revoke_api_key(key=key, by=user)
    request.getfixturevalue("monkeypatch").undo()
    revoke_api_key(key=key, by=user)  # again
    assert gateway.find_key(key.key_hash) is None


def test_a_key_is_made_though_redis_is_away(gateway: Gateway, away: None, caplog: pytest.LogCaptureFixture) -> None:
    assert make_api_key().text
    assert "Error calling create_api_key" in caplog.text


def test_a_published_version_is_there_under_its_name_in_lower_case(gateway: Gateway) -> None:
    alice = make_user("Alice")
    algorithm = make_algorithm("Echo", by=alice, public=False)
    assert gateway.hear() == []  # nothing to call yet
    version = make_version(algorithm, royalty_per_call=7, network=True, timeout_seconds=9)
    entry = gateway.find_algorithm("alice/echo")
    assert entry is not None
    assert (entry.owner, entry.name, entry.public) == ("Alice", "Echo", False)
    assert (entry.algorithm_id, entry.organization_id) == (str(algorithm.id), str(algorithm.organization_id))
    (published,) = entry.versions
    assert (published.version_id, published.number) == (str(version.id), "0.1.0")
    assert (published.artifact, published.entry) == (version.artifact, "src/Echo.py")
    assert (published.network, published.calls_others, published.timeout_seconds) == (True, False, 9)
    assert (published.price.royalty_per_call, published.price.compute_per_second) == (7, 1_000_000)
    assert gateway.hear() == [Change("algorithms", "alice/echo")]


def test_versions_stand_in_order_of_publication(gateway: Gateway) -> None:
    algorithm = make_algorithm("echo", by=make_user("ann"))
    for bump in ("minor", "revision", "major"):
        make_version(algorithm, bump=bump)
    entry = gateway.find_algorithm("ann/echo")
    assert entry is not None
    assert [version.number for version in entry.versions] == ["0.1.0", "0.1.1", "1.0.0"]


def test_a_withdrawn_version_vanishes_and_the_last_takes_the_algorithm(gateway: Gateway) -> None:
    ann = make_user("ann")
    algorithm = make_algorithm("echo", by=ann)
    first, second = make_version(algorithm), make_version(algorithm)
    withdraw_version(version=second, by=ann)
    entry = gateway.find_algorithm("ann/echo")
    assert entry is not None
    assert [version.version_id for version in entry.versions] == [str(first.id)]
    withdraw_version(version=first, by=ann)
    assert gateway.find_algorithm("ann/echo") is None
    assert gateway.hear()[-1] == Change("algorithms", "ann/echo")


def test_making_it_private_is_told(gateway: Gateway) -> None:
    ann = make_user("ann")
    algorithm = make_algorithm("echo", by=ann)
    make_version(algorithm)
    gateway.hear()
    update_algorithm(algorithm=algorithm, by=ann, public=False)
    entry = gateway.find_algorithm("ann/echo")
    assert entry is not None
    assert entry.public is False
    assert gateway.hear() == [Change("algorithms", "ann/echo")]


def test_a_build_is_nobodys_business(gateway: Gateway) -> None:
    make_build(by=make_user())
    assert gateway.client.hgetall(ALGORITHMS) == {}
