"""Session collections end with the first call of their tree."""

import uuid
from datetime import datetime

from billing import api as billing
from marketplace.datasets.expiry import TEMPORARY_FOR, end_sessions, list_open_sessions


def end_finished_sessions(*, now: datetime) -> int:
    """Deletes the sessions of calls that are recorded, and so are over; answers how many. Safe to repeat."""
    open_ids = [uuid.UUID(root_id) for root_id in list_open_sessions()]
    since = now - 2 * TEMPORARY_FOR  # older sessions went by their age
    ended = [str(root_id) for root_id in billing.find_recorded_calls(open_ids, since=since)]
    end_sessions(ended)
    return len(ended)
