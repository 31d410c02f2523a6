"""Fixtures of the whole suite."""

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

TRUNCATE_GUARDS = ("ledger_entry", "ledger_transaction", "ledger_account")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Tests that commit end with TRUNCATE, which the ledger refuses; a test of its own turns the guard on again."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        for table in TRUNCATE_GUARDS:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {table}_no_truncate")
