"""Which build is next: each owner's in turn, so that nobody's many keep another's one waiting.

PostgreSQL is the queue; Celery's messages only wake builders, and any of them serves any build.
"""

import uuid

from django.conf import settings
from django.db import connection

MOST_WAITING = 100
"""Builds of one owner that may wait at once."""
CANDIDATES = 20
"""Places that a builder looks at: others may be taking the first of them."""

# A build's turn is how many of its owner's are before it, or being built already.
TURNS = """
WITH going_on AS (
    SELECT a.organization_id, count(*) AS number
    FROM algorithms_build b JOIN algorithms_algorithm a ON a.id = b.algorithm_id
    WHERE b.state = 'building' GROUP BY 1
), waiting AS (
    SELECT b.id, b.created_at, coalesce(g.number, 0)
        + row_number() OVER (PARTITION BY a.organization_id ORDER BY b.created_at, b.id) AS turn
    FROM algorithms_build b JOIN algorithms_algorithm a ON a.id = b.algorithm_id
    LEFT JOIN going_on g USING (organization_id)
    WHERE b.state = 'queued'
), places AS (
    SELECT id, turn, row_number() OVER (ORDER BY turn, created_at, id) AS place FROM waiting
)
"""


def list_next_builds() -> list[uuid.UUID]:
    """Those that may begin now, the one whose turn it is first."""
    with connection.cursor() as cursor:
        sql = f"{TURNS} SELECT id FROM places WHERE turn <= %s ORDER BY place LIMIT %s"  # noqa: S608 - a constant
        cursor.execute(sql, [settings.BUILDS_PER_OWNER, CANDIDATES])
        return [row[0] for row in cursor.fetchall()]


def place_in_queue(build_id: uuid.UUID) -> int:
    """1 for the next one; 0 when it does not wait."""
    return places_in_queue([build_id]).get(build_id, 0)


def places_in_queue(build_ids: list[uuid.UUID]) -> dict[uuid.UUID, int]:
    """Of those of them that wait, in one query."""
    with connection.cursor() as cursor:
        sql = f"{TURNS} SELECT id, place FROM places WHERE id = ANY(%s)"  # noqa: S608 - a constant
        cursor.execute(sql, [build_ids])
        return dict(cursor.fetchall())
