"""What the store sorts and filters by: written here, computed by the rooms above."""

import json
from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from marketplace.algorithms.models import Algorithm, InputKind, Standing

PICTURE_STARTS = ("iVBORw0KGgo", "/9j/", "R0lGOD", "UklGR", "data:image/")
"""Of a picture's bytes as base64: PNG, JPEG, GIF, WebP."""
PICTURE_ENDS = (".png", ".jpg", ".jpeg", ".gif", ".webp")


def list_standings(*, algorithms: Collection[Algorithm]) -> dict[UUID, Standing]:
    """By the algorithm's id, in one query; one that has none yet has an empty one."""
    found = Standing.objects.in_bulk([algorithm.id for algorithm in algorithms])
    return {algorithm.id: found.get(algorithm.id) or Standing(algorithm=algorithm) for algorithm in algorithms}


def write_opinions(*, algorithm: Algorithm, stars: int, reviews: int, points: int) -> None:
    """What people say of it now."""
    values = {"stars": stars, "reviews": reviews, "points": points}
    Standing.objects.update_or_create(algorithm=algorithm, defaults=values)


def write_usage(standings: Sequence[Standing]) -> None:
    """How much these are called, and what they cost; what people say of them stays."""
    Standing.objects.bulk_create(
        standings,
        update_conflicts=True,
        unique_fields=["algorithm"],
        update_fields=["calls", "rising", "price", "input_kind"],
    )


def find_input_kind(sample: str) -> str:
    """An InputKind for a sample input, which is JSON text; "" for none, true, false and null."""
    try:
        value = json.loads(sample) if sample else None
    except (ValueError, RecursionError):
        return ""
    if _has_picture(value):
        return InputKind.IMAGE
    if isinstance(value, bool) or value is None:
        return ""
    kinds = {str: InputKind.TEXT, int: InputKind.NUMBER, float: InputKind.NUMBER, list: InputKind.LIST}
    return kinds.get(type(value), InputKind.OBJECT)


def _has_picture(value: Any) -> bool:
    if isinstance(value, dict | list):
        return any(map(_is_picture, value.values() if isinstance(value, dict) else value))
    return _is_picture(value)


def _is_picture(value: Any) -> bool:
    return isinstance(value, str) and (value.startswith(PICTURE_STARTS) or value.lower().endswith(PICTURE_ENDS))
