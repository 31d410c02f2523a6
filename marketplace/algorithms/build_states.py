"""Moves of a build between its states: the table in models.py is the rule, compare-and-set the way."""

import uuid
from typing import Any

from marketplace.algorithms.models import BUILD_TRANSITIONS, Build, BuildState


def move_build(build_id: uuid.UUID, *, origin: BuildState, target: BuildState, **fields: Any) -> bool:
    """Moves the build from `origin` to `target` and sets `fields`; False if it was no longer in `origin`.

    Whoever gets True did it, and nobody else. Raises ValueError for a move that the table does not have.
    """
    if target not in BUILD_TRANSITIONS[origin]:
        raise ValueError(f"a build never goes from {origin} to {target}")
    return bool(Build.objects.filter(pk=build_id, state=origin).update(state=target, **fields))
