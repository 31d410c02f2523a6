"""The meter event: the fact that a call used so much, written once for each answered call.

The gateway appends the events of calls that end at about the same time to the Redis stream `meter:events` as one
entry (one field, `events`: a line of JSON for each), in the same atomic script that charges the payers' hot balances;
the drain turns each into a call record and ledger entries. One entry for many costs Redis a third of one for each.
"""

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

STREAM = "meter:events"
FIELD = b"events"
BALANCES = "billing:balances"
"""Redis hash: organization id to hot balance in micro-credits."""
WHOLE = "billing:whole"
"""Redis key: there while the balances and counts in Redis are whole (rebuilding.py)."""

Outcome = Literal["ok", "algorithm_error", "timeout", "crashed", "cancelled", "unavailable"]
Waiver = Literal["owner", "free_call"]
"""Why a call that went well owes no royalty: its payer owns the algorithm, or it is one of the month's free calls."""


def multiply_memory(*, byte_count: int, microseconds: int) -> int:
    """Byte-seconds, rounded down, of memory held for a time.

    A call is counted with the most that its slot held, for as long as it ran: what a slot holds in between is not
    sampled on the way of a call. So it is what must be kept free for the call, and never less than what was used.
    """
    return byte_count * microseconds // 1_000_000


class MeterEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One call. Times are integer microseconds, sizes bytes, money micro-credits, ids UUID text."""

    call_id: str
    root_id: str
    parent_id: str | None = None
    payer_id: str
    """The organization that pays."""
    author_id: str
    """The organization that owns the algorithm."""
    key_id: str | None = None
    algorithm: str
    """`owner/name`"""
    version_id: str
    version: str
    environment: str
    started_at: int
    """Microseconds since the epoch, UTC: names the partition of the call record."""
    queue_us: int
    load_us: int
    run_us: int
    cpu_us: int
    peak_memory_bytes: int
    bytes_in: int
    bytes_out: int
    cold: bool
    outcome: Outcome
    error_type: str | None = None
    compute_charge: int
    royalty_charge: int
    member_id: int | None = None
    """The user in whose name the call was made."""
    memory_byte_seconds: int = 0
    gpu_memory_byte_seconds: int = 0
    compute_per_second: int = 0
    """This and the next two are the price in force, of which the charges were made."""
    royalty_per_call: int = 0
    royalty_per_second: int = 0
    waiver: Waiver | None = None


def join_lines(texts: Iterable[bytes]) -> bytes:
    """Events, each as JSON, as one entry of the stream holds them."""
    return b"\n".join(texts)


def split_lines(fields: Mapping[bytes, bytes]) -> list[bytes]:
    """The events of one entry of the stream, each as JSON; none if the entry is not of the meter."""
    return fields[FIELD].split(b"\n") if FIELD in fields else []
