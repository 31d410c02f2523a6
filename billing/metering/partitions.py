"""The daily partitions of the call records: made ahead, and removed when they are old."""

from datetime import date, timedelta

import psycopg

DAYS_AHEAD = 7


def ensure_partitions(connection: "psycopg.Connection[tuple[object, ...]]", today: date) -> int:
    """Makes the partitions of today and the seven days after that are missing; answers how many it made.

    Records that reached the default partition before their day had one of its own move into it.
    """
    days = [today + timedelta(days=ahead) for ahead in range(DAYS_AHEAD + 1)]
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FILTER (WHERE metering_ensure_partition(day)) FROM unnest(%s::date[]) AS day", [days]
        )
        made = cursor.fetchone()
    return int(str(made[0])) if made else 0


def remove_old_records(connection: "psycopg.Connection[tuple[object, ...]]", *, before: date) -> int:
    """Removes the records of the days before that one; answers how many partitions it dropped. Sums and money stay."""
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("SELECT metering_remove_before(%s::date)", [before])
        removed = cursor.fetchone()
    return int(str(removed[0])) if removed else 0
