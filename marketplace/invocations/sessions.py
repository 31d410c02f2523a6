"""Session collections end with the first call of their tree."""

import uuid

from billing import api as billing
from marketplace.datasets.expiry import end_sessions, list_open_sessions


def end_finished_sessions() -> int:
    """Deletes the sessions of calls that are recorded, and so are over; answers how many. Safe to repeat."""
    ended = [root_id for root_id in list_open_sessions() if billing.get_call_record(uuid.UUID(root_id))]
    end_sessions(ended)
    return len(ended)
