"""Moves of a call between its states: the table in models.py is the rule, compare-and-set the way."""

import uuid
from typing import Any

from marketplace.invocations.models import CALL_TRANSITIONS, AsyncCall, CallState


def move_call(
    call_id: uuid.UUID, /, *, origin: CallState, target: CallState, attempt: int | None = None, **fields: Any
) -> bool:
    """Moves the call from `origin` to `target` and sets `fields`; False if it was no longer in `origin`.

    `attempt`: it must still be that one. Whoever gets True did it, and nobody else. Raises ValueError for a move that
    the table does not have.
    """
    if target not in CALL_TRANSITIONS[origin]:
        raise ValueError(f"a call never goes from {origin} to {target}")
    rows = AsyncCall.objects.filter(pk=call_id, state=origin)
    if attempt is not None:
        rows = rows.filter(attempts=attempt)
    return bool(rows.update(state=target, **fields))
