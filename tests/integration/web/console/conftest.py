"""Members and strangers of the team, signed in, and things of the team for them to see."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import UUID

import pytest
from django.core.cache import cache
from django.test import Client

from marketplace.accounts.models import User
from marketplace.algorithms.models import Algorithm, Version
from marketplace.organizations.models import ApiKey, Organization
from tests.factories.calls import record_calls
from tests.factories.catalogue import make_algorithm, make_version
from tests.factories.people import make_api_key

TEAM = "/console/team"
SignIn = Callable[[User | None], Client]


@pytest.fixture(autouse=True)
def fresh_figures() -> Iterator[None]:
    """Statistics are kept for a minute; a test must not see those of another."""
    cache.clear()
    yield
    cache.clear()


def signed_in(user: User | None) -> Client:
    """A browser of that person; of nobody."""
    client = Client()
    if user is not None:
        client.force_login(user)
    return client


@pytest.fixture
def as_alice(alice: User) -> Client:
    """The owner."""
    return signed_in(alice)


@pytest.fixture
def as_bob(bob: User) -> Client:
    """The member."""
    return signed_in(bob)


@pytest.fixture
def as_charlie(charlie: User) -> Client:
    """The stranger."""
    return signed_in(charlie)


@dataclass(frozen=True)
class Things:
    """What the team has: a key of alice's, a private algorithm with a version, and a call of it."""

    key: ApiKey
    algorithm: Algorithm
    version: Version
    call_id: UUID


@pytest.fixture
def things(alice: User, team: Organization) -> Things:
    key = make_api_key(team, by=alice, name="laptop").row
    algorithm = make_algorithm("secret", by=alice, owner="team", public=False)
    version = make_version(algorithm, by=alice)
    (call_id,) = record_calls(version, payer_id=team.id, key_id=key.id)
    return Things(key, algorithm, version, call_id)
