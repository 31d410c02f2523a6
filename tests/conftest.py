"""The base world: alice owns her things, bob is a member of alice's team, charlie is a stranger to both."""

import pytest
from django.conf import settings
from django.db import connection
from pytest_django import DjangoDbBlocker

from marketplace.accounts.models import User
from marketplace.organizations.models import Organization
from tests.factories.people import make_organization, make_user

TRUNCATE_GUARDS = ("ledger_entry", "ledger_transaction", "ledger_account")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Tests that commit end with TRUNCATE, which the ledger refuses; a test of its own turns the guard on again."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        for table in TRUNCATE_GUARDS:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {table}_no_truncate")


@pytest.fixture(autouse=True)
def no_kept_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test changes is to be seen at once. Without the fixture `settings`, whose name tests may use."""
    monkeypatch.setattr(settings, "PAGE_CACHE_SECONDS", 0)


@pytest.fixture
def alice(db: None) -> User:
    """Owner of her personal organization and of the team."""
    return make_user("alice")


@pytest.fixture
def bob(db: None) -> User:
    """A member of the team."""
    return make_user("bob")


@pytest.fixture
def charlie(db: None) -> User:
    """A stranger: belongs to his personal organization only."""
    return make_user("charlie")


@pytest.fixture
def team(alice: User, bob: User) -> Organization:
    """The organization that alice owns and bob is a member of."""
    return make_organization("team", owner=alice, members=(bob,))
