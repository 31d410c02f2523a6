"""Visitors of the store, and things in it for them to see."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from marketplace.accounts.models import User
from marketplace.algorithms.models import Algorithm, Version
from marketplace.organizations.models import Organization
from tests.factories.catalogue import make_algorithm, make_version


@pytest.fixture(autouse=True)
def fresh_figures() -> Iterator[None]:
    """Statistics are kept for a minute; a test must not see those of another."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def anonymous(db: None) -> Client:
    """Somebody who is not signed in."""
    return Client()


def visitor(user: User) -> Client:
    """The user, signed in."""
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def as_alice(alice: User) -> Client:
    return visitor(alice)


@pytest.fixture
def as_bob(bob: User) -> Client:
    return visitor(bob)


@pytest.fixture
def as_charlie(charlie: User) -> Client:
    return visitor(charlie)


@pytest.fixture
def deblur(alice: User) -> Version:
    """alice/deblur: public, with everything that a page can show."""
    algorithm = make_algorithm(
        "deblur", by=alice, summary="Sharpens a photograph.", tags=["image", "photo"], readme="# How\n\nBy **magic**."
    )
    make_version(algorithm, release_notes="The first.")
    return make_version(
        algorithm, sample_input='{"image": "picture"}', royalty_per_call=2_000_000, release_notes="Sharper."
    )


@pytest.fixture
def secret(team: Organization, alice: User) -> Algorithm:
    """team/secret: private, with a version."""
    algorithm = make_algorithm("secret", by=alice, owner="team", public=False, summary="Hush.", tags=["hidden"])
    return make_version(algorithm).algorithm


@pytest.fixture
def draft(alice: User) -> Algorithm:
    """alice/draft: public, without a version."""
    return make_algorithm("draft", by=alice, summary="Not there yet.", tags=["unfinished"])


def listed(response: Any) -> list[str]:
    """The names on the cards of a page, in order."""
    return [card.algorithm.name for card in response.context["cards"]]
