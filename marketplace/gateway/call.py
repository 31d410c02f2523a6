"""A call: what is known of it while it runs, and what is written of it in the end."""

import asyncio
import random
import time
from typing import Any

import msgspec

from billing.api import MeterEvent, Outcome, Waiver, multiply_memory, rate
from execution.client import Usage
from marketplace.gateway.addresses import Options
from marketplace.gateway.callers import Caller
from marketplace.gateway.mirror import Target
from marketplace.invocations.requests import InputKind


class Call(msgspec.Struct):
    """A call that may be made."""

    id: str
    caller: Caller
    target: Target
    options: Options
    kind: InputKind
    streams: bool = False
    """Whether its caller takes the result in chunks, as they come."""
    idempotency_key: bytes = b""
    """Empty for a call that is made as often as it is sent."""
    cancellable: bool = False
    """Whether stopping it now leaves nothing half done: only while the algorithm runs."""
    started_at: int = 0
    """Microseconds since the epoch."""
    usage: Usage = msgspec.field(default_factory=Usage)
    task: asyncio.Task[Any] | None = None
    """What runs it, while it is cancellable."""
    ended_because: str = ""
    """Why somebody else than its caller has ended it."""

    @property
    def owned(self) -> bool:
        """Whether the caller's organization is the algorithm's."""
        return self.caller.payer_id == self.target.algorithm.organization_id

    @property
    def seconds(self) -> int:
        """How long it may take."""
        return min(self.options.timeout, self.target.version.timeout_seconds)


def new_call_id() -> str:
    """A UUID of version 7: later calls have greater ids, so that records are appended to their index.

    It is a name and opens nothing, so that its random bits need not be the system's.
    """
    milliseconds = time.time_ns() // 1_000_000
    bits = random.getrandbits(74)
    number = milliseconds << 80 | 0x7 << 76 | (bits >> 62) << 64 | 0b10 << 62 | bits & (1 << 62) - 1
    text = f"{number:032x}"  # a uuid.UUID made for its text alone would take three times as long
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def make_event(
    call: Call,
    outcome: Outcome,
    bytes_in: int,
    bytes_out: int,
    error_type: str | None,
    waiver: Waiver | None,
) -> MeterEvent:
    """What is metered of a call that has ended."""
    target, caller, usage = call.target, call.caller, call.usage
    price = target.version.price
    charge = rate(
        price_compute_per_second=price.compute_per_second,
        price_royalty_per_call=price.royalty_per_call,
        price_royalty_per_second=price.royalty_per_second,
        run_us=usage.run_us,
        outcome=outcome,
        royalty_waived=waiver is not None,
    )
    return MeterEvent(
        call_id=call.id,
        root_id=caller.root_id or call.id,
        parent_id=caller.parent_id,
        payer_id=caller.payer_id,
        author_id=target.algorithm.organization_id,
        key_id=caller.key_id,
        algorithm=target.full_name,
        version_id=target.version.version_id,
        version=target.version.number,
        environment=target.version.environment,
        started_at=call.started_at,
        queue_us=usage.queue_us,
        load_us=usage.load_us,
        run_us=usage.run_us,
        cpu_us=usage.cpu_us,
        peak_memory_bytes=usage.peak_memory_bytes,
        bytes_in=bytes_in,
        bytes_out=bytes_out,
        cold=usage.cold,
        outcome=outcome,
        error_type=error_type,
        compute_charge=charge.compute,
        royalty_charge=charge.royalty,
        member_id=caller.user_id,
        memory_byte_seconds=multiply_memory(byte_count=usage.peak_memory_bytes, microseconds=usage.run_us),
        compute_per_second=price.compute_per_second,
        royalty_per_call=price.royalty_per_call,
        royalty_per_second=price.royalty_per_second,
        waiver=waiver,
    )
