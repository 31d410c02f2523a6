"""Amounts in Redis that follow from what is recorded: balances and counts are made anew when Redis lost them.

`billing:whole` says that nothing was lost since they were all there. Without it, whatever stands in Redis was counted
from nothing: the meter's script tells no amount, gateways go by what they know, and a complete rebuild replaces all.
Redis syncs what it has answered, so that this happens only when its data are removed.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple, cast

import msgspec
import redis
from django.db import connection, transaction

from billing.metering.connecting import connect
from billing.metering.events import STREAM, WHOLE, MeterEvent, split_lines

ENTRIES_AT_ONCE = 500
decoder = msgspec.json.Decoder(MeterEvent)

# ARGV: whether to replace everything if Redis is not whole; then hash, field, recorded amount, and the seconds that the
# hash is kept (0 for ever). Answers the stream's last entry, and for each amount what stands there and was left alone.
BEGIN = """
local replace = ARGV[1] == '1' and redis.call('EXISTS', KEYS[2]) == 0
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
local answer = {last[1] and last[1][1] or '0-0'}
for i = 2, #ARGV, 4 do
  local known = redis.pcall('HGET', ARGV[i], ARGV[i + 1])
  if type(known) == 'table' then redis.call('DEL', ARGV[i]); known = false end  -- somebody spoilt the whole hash
  if replace or not known or not string.find(known, '^%-?%d+$') then
    redis.call('HSET', ARGV[i], ARGV[i + 1], ARGV[i + 2])
    if ARGV[i + 3] ~= '0' then redis.call('EXPIRE', ARGV[i], ARGV[i + 3]) end
    known = false
  end
  answer[#answer + 1] = known
end
return answer
"""
RECORDED = """
SELECT call_id::text FROM metering_call_record
WHERE call_id = ANY(%s::uuid[]) AND started_at BETWEEN to_timestamp(%s / 1e6::float8) - interval '1 second'
    AND to_timestamp(%s / 1e6::float8) + interval '1 second'
"""


class Amount(NamedTuple):
    """A field of a hash in Redis."""

    key: str
    field: str


class Recorded(NamedTuple):
    """What an amount is by the records alone, and how many seconds its hash is kept; 0 is for ever."""

    value: int
    kept_seconds: int = 0


Changes = Iterable[tuple[Amount, int]]
"""What a call that is not recorded yet does to amounts."""


@dataclass(frozen=True)
class Rebuilt:
    """The amounts that were set; and of those left alone, what stands in Redis and what should."""

    restored: frozenset[Amount]
    differences: Mapping[Amount, tuple[int, int]]


@transaction.atomic
def rebuild(
    read_recorded: Callable[[], Mapping[Amount, Recorded]],
    change: Callable[[MeterEvent], Changes],
    *,
    replace_lost: bool = False,
) -> Rebuilt:
    """Sets the amounts that are missing or no numbers; all of them if Redis lost its data and `replace_lost` is said.

    The drain waits meanwhile, and so does another rebuild: a call is recorded or in the stream, never both. Calls go
    on, and what they change once an amount is set stays. Gateways are told by the caller. Raises redis.RedisError.
    """
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE metering_call_record IN SHARE ROW EXCLUSIVE MODE")
    amounts = dict(read_recorded())
    with connect() as client:
        if replace_lost and not client.exists(WHOLE):  # some have nothing but calls that are not recorded
            amounts = dict.fromkeys(_add_up_pending(client, b"+", change), Recorded(0)) | amounts
        last, known = _begin(client, amounts, replace_lost=replace_lost)
        pending = _add_up_pending(client, last, change)
        restored = frozenset(amount for amount, value in known.items() if value is None)
        with client.pipeline(transaction=True) as pipeline:
            for amount in restored & pending.keys():
                pipeline.hincrby(amount.key, amount.field, pending[amount])
            if replace_lost:
                pipeline.set(WHOLE, 1)
            pipeline.execute()
    expected = {amount: recorded.value + pending[amount] for amount, recorded in amounts.items()}
    differing = {amount: (value, expected[amount]) for amount, value in known.items() if value is not None}
    return Rebuilt(restored, {amount: both for amount, both in differing.items() if both[0] != both[1]})


def is_whole() -> bool:
    """Whether Redis still has all that was put into it. Raises redis.RedisError."""
    with connect() as client:
        return bool(client.exists(WHOLE))


def _begin(
    client: redis.Redis, amounts: Mapping[Amount, Recorded], *, replace_lost: bool
) -> tuple[bytes, dict[Amount, int | None]]:
    """The last entry of the stream, and what stands in Redis at that moment; None for what was set."""
    arguments: list[str | int] = [int(replace_lost)]
    for amount, recorded in amounts.items():
        arguments += (*amount, *recorded)
    answer = cast("list[bytes | None]", client.eval(BEGIN, 2, STREAM, WHOLE, *arguments))
    last = answer[0]
    assert last is not None, "the script always answers it"
    return last, {
        amount: None if value is None else int(value) for amount, value in zip(amounts, answer[1:], strict=True)
    }


def _add_up_pending(client: redis.Redis, last: bytes, change: Callable[[MeterEvent], Changes]) -> Counter[Amount]:
    """What the calls up to that entry do that are not recorded."""
    pending: Counter[Amount] = Counter()
    for events in _read_events(client, last):
        recorded = _find_recorded(events)
        for call_id, event in events.items():
            if call_id not in recorded:
                for amount, value in change(event):
                    pending[amount] += value
    return pending


def _read_events(client: redis.Redis, last: bytes) -> Iterator[dict[str, MeterEvent]]:
    """The events up to that entry, by call id, some hundred entries at a time; the drain deals with unreadable ones."""
    start = b"-"
    while entries := cast(
        "list[tuple[bytes, dict[bytes, bytes]]]", client.xrange(STREAM, start, last, count=ENTRIES_AT_ONCE)
    ):
        decoded = [event for _, fields in entries for event in map(_decode, split_lines(fields)) if event is not None]
        yield {event.call_id: event for event in decoded}
        start = b"(" + entries[-1][0]


def _decode(text: bytes) -> MeterEvent | None:
    try:
        return decoder.decode(text)
    except msgspec.DecodeError:
        return None


def _find_recorded(events: Mapping[str, MeterEvent]) -> set[str]:
    """Those that were recorded, and are still in the stream."""
    if not events:
        return set()
    times = [event.started_at for event in events.values()]
    with connection.cursor() as cursor:
        cursor.execute(RECORDED, [list(events), min(times), max(times)])
        return {call_id for (call_id,) in cursor.fetchall()}
