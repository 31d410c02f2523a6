"""How often an algorithm is called and how long it takes, over the calls of all its callers."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

MEASURES = """
SELECT algorithm, count(*), percentile_disc(0.5) WITHIN GROUP (ORDER BY run_us) FILTER (WHERE outcome = 'ok')
FROM metering_call_record
WHERE author_id = ANY (%(authors)s) AND algorithm = ANY (%(algorithms)s) AND started_at >= %(since)s
GROUP BY algorithm
"""


@dataclass(frozen=True)
class AlgorithmMeasures:
    """Calls of everybody, and the median run time in microseconds of those that were answered, if any was."""

    calls: int
    median_run_us: int | None


def measure_algorithms(
    *, author_ids: Collection[UUID], algorithms: Collection[str], since: datetime
) -> dict[str, AlgorithmMeasures]:
    """The measures of these algorithms (`owner/name`) since then; one that was not called is left out.

    `author_ids` are the organizations that own them: the index of the records goes by author.
    """
    with connection.cursor() as cursor:
        cursor.execute(MEASURES, {"authors": list(author_ids), "algorithms": list(algorithms), "since": since})
        return {name: AlgorithmMeasures(calls, median) for name, calls, median in cursor.fetchall()}
