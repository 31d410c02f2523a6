"""Running counts that must be right while a call is decided: what a budget has spent, which free calls were used.

They stand in Redis, one hash for each period, and are raised in the script that writes the meter event (writer.py), so
that they are as exact as the hot balances. Gateways hold them in memory; pages read them.

| key | field | value |
| --- | --- | --- |
| `billing:spent:20261125`, `billing:spent:202611` | what has a budget (spent_field) | micro-credits |
| `billing:free_calls:202611` | `payer:algorithm id` | calls |
"""

import re
from collections.abc import Collection
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal, NamedTuple, cast

import redis

from billing.metering.connecting import connect

SPENT = "billing:spent:"
FREE_CALLS = "billing:free_calls:"
NUMBER = re.compile(rb"-?\d+")
Period = Literal["day", "month"]
FORMATS: dict[Period, str] = {"day": "%Y%m%d", "month": "%Y%m"}
KEPT_SECONDS: dict[Period, int] = {"day": 3 * 86_400, "month": 70 * 86_400}
"""How long a period's counts stay after they changed last."""


class Count(NamedTuple):
    """What one call adds to a count."""

    key: str
    field: str
    amount: int
    kept_seconds: int


def spent_key(period: Period, moment: float) -> str:
    """The hash of what was spent in the UTC day or month of a time in seconds since the epoch."""
    return SPENT + _name_period(period, int(moment // 86_400))


def spent_field(organization_id: str, *, key_id: str | None = None, member_id: int | None = None) -> str:
    """Whose spending is counted: the organization's, or that of its key or member alone."""
    if key_id is not None:
        return f"{organization_id}:key:{key_id}"
    return organization_id if member_id is None else f"{organization_id}:member:{member_id}"


def free_calls_key(moment: float) -> str:
    """The hash of the free calls of that month."""
    return FREE_CALLS + _name_period("month", int(moment // 86_400))


def free_calls_field(*, payer_id: str, algorithm_id: str) -> str:
    """Free calls are counted by organization and algorithm: a new version brings no new ones."""
    return f"{payer_id}:{algorithm_id}"


def count_free_calls(*, payer_id: str, algorithm_id: str, moment: float) -> int:
    """How many of that month's free calls the organization has had."""
    field = free_calls_field(payer_id=payer_id, algorithm_id=algorithm_id)
    with connect() as client:
        return read_number(cast("bytes | None", client.hget(free_calls_key(moment), field))) or 0


def count_kept_seconds(period: Period) -> int:
    """How long the counts of a period stay."""
    return KEPT_SECONDS[period]


def read_spent(client: redis.Redis, period: Period, moment: float, fields: Collection[str]) -> dict[str, int]:
    """What was spent in the period of that moment, by field."""
    wanted = list(fields)
    found = cast("list[bytes | None]", client.hmget(spent_key(period, moment), wanted)) if wanted else []
    return {field: read_number(value) or 0 for field, value in zip(wanted, found, strict=True)}


def read_number(value: object) -> int | None:
    """What a field of a hash in Redis holds; None for what is not there, or what somebody spoilt."""
    return int(value) if isinstance(value, bytes) and NUMBER.fullmatch(value) else None


@lru_cache(maxsize=16)
def _name_period(period: Period, day: int) -> str:
    return datetime.fromtimestamp(day * 86_400, tz=UTC).strftime(FORMATS[period])
