"""What the databases need before the processes start. Django must be set up."""

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from billing import api as billing
from marketplace.celery import app
from marketplace.invocations.services import refresh_directory

PING_SECONDS = 0.3


def needs_migration() -> bool:
    """Whether the database lacks a migration."""
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def migrate() -> None:
    """Brings the database to the newest migration."""
    call_command("migrate", interactive=False, verbosity=0)


def has_builder() -> bool:
    """Whether a worker takes builds; others do not."""
    return any(name.startswith("builder@") for answer in app.control.ping(timeout=PING_SECONDS) for name in answer)


def prepare_records() -> None:
    """Makes the partitions of the next days, and fills a Redis that has forgotten keys, algorithms or balances."""
    billing.ensure_partitions(timezone.now().date())
    refresh_directory()
