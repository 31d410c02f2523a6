"""What keeps the meter going, with the databases that Django's settings name: the drain, and the partitions."""

from collections.abc import Callable
from datetime import date, timedelta

import psycopg
from django.conf import settings
from django.db import connection

from billing.metering import drain, partitions
from billing.metering.posting import ShareRoyalty


def ensure_partitions(today: date) -> int:
    """Makes the missing partitions of the call records for today and the week after; answers how many."""
    connection.ensure_connection()
    return partitions.ensure_partitions(connection.connection, today)


def remove_old_records(today: date) -> int:
    """Removes call records older than AGORA_CALL_RECORD_DAYS; answers how many days' partitions it dropped."""
    connection.ensure_connection()
    before = today - timedelta(days=settings.CALL_RECORD_DAYS)
    return partitions.remove_old_records(connection.connection, before=before)


def run_drain(*, stop: Callable[[], bool], share_royalty: ShareRoyalty) -> None:
    """Moves meter events into call records and the ledger until `stop()`, which is asked at least every second.

    For a process of its own. Any number may run; one works and the others stand by. Away databases are waited for.
    """
    database = connection.settings_dict
    conninfo = psycopg.conninfo.make_conninfo(
        dbname=database["NAME"],
        user=database["USER"],
        password=database["PASSWORD"],
        host=database["HOST"],
        port=database["PORT"],
    )
    drain.run(conninfo=conninfo, redis_url=settings.REDIS_URL, share_royalty=share_royalty, stop=stop)
