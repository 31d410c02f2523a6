"""A Redis that lost its data: balances, budgets and free calls are made anew, to the micro-credit."""

import asyncio
import threading
import time
import uuid
from contextlib import closing

import psycopg
import pytest
import redis
from django.conf import settings
from django.utils import timezone

from billing.api import (
    CREDIT,
    Count,
    MeterEvent,
    MeterWriter,
    count_free_calls,
    count_kept_seconds,
    free_calls_field,
    free_calls_key,
    get_balance,
    is_redis_whole,
    list_budgets,
    open_account,
    rebuild_hot_balances,
    rebuild_redis,
    set_budget,
    share_royalty,
    spent_field,
    spent_key,
)
from billing.metering.drain import Drain
from billing.metering.events import BALANCES, STREAM
from tests.integration.billing.conftest import append_events, database_address, make_event

pytestmark = pytest.mark.django_db(transaction=True)
COST = 1_301
KEY, OTHER_KEY, VERSION, ALGORITHM = (uuid.UUID(int=number) for number in range(1, 5))
MUCH = 10_000 * CREDIT


@pytest.fixture
def payer(client: redis.Redis) -> uuid.UUID:
    """An organization with credits, and a budget for itself and one for KEY."""
    payer = uuid.uuid4()
    open_account(organization_id=payer, free_credits=10_000)
    for key_id in (None, KEY):
        set_budget(organization_id=payer, key_id=key_id, period="day", amount=MUCH, hard=True, at=timezone.now())
    return payer


def make_call(payer: uuid.UUID, key: uuid.UUID = KEY, **changes: object) -> MeterEvent:
    return make_event(payer_id=str(payer), key_id=str(key), version_id=str(VERSION), **changes)


def counts_of(event: MeterEvent) -> tuple[Count, ...]:
    """What a gateway counts beside the call."""
    now, kept = event.started_at / 1e6, count_kept_seconds("day")
    keys = [None, *[event.key_id] * (event.key_id == str(KEY))]
    spent = [Count(spent_key("day", now), spent_field(event.payer_id, key_id=key), COST, kept) for key in keys]
    field = free_calls_field(payer_id=event.payer_id, algorithm_id=str(ALGORITHM))
    free = [Count(free_calls_key(now), field, 1, kept)] if event.waiver == "free_call" else []
    return (*spent, *free)


def write(*events: MeterEvent) -> list[int | None]:
    """As a gateway does; what it is told of the payer's balance."""

    async def write_all() -> list[int | None]:
        writer = MeterWriter(settings.REDIS_URL)
        await writer.start()
        try:
            return [await writer.write(event, counts_of(event)) for event in events]
        finally:
            await writer.close()

    return asyncio.run(write_all())


def rebuild() -> None:
    rebuild_redis(lambda: {VERSION: ALGORITHM}, timezone.now())


def spent(payer: uuid.UUID) -> dict[uuid.UUID | None, int]:
    return {line.budget.key_id: line.spent for line in list_budgets(payer, timezone.now())}


def free_calls(payer: uuid.UUID) -> int:
    return count_free_calls(payer_id=str(payer), algorithm_id=str(ALGORITHM), moment=time.time())


def hot(client: redis.Redis, payer: uuid.UUID) -> int:
    return int(client.hget(BALANCES, str(payer)) or 0)


def lose(client: redis.Redis, *, stream: bool) -> None:
    """Everything, or everything but the stream."""
    for name in client.keys("*"):
        if stream or name != STREAM.encode():
            client.delete(name)


def test_everything_comes_back_after_a_flush(client: redis.Redis, drain: Drain, payer: uuid.UUID) -> None:
    write(make_call(payer), make_call(payer, OTHER_KEY), make_call(payer, waiver="free_call"))
    drain.drain_batch()
    lose(client, stream=True)
    assert not is_redis_whole()
    rebuild()
    assert is_redis_whole()
    assert hot(client, payer) == get_balance(payer) == MUCH - 3 * COST
    assert spent(payer) == {None: 3 * COST, KEY: 2 * COST}
    assert free_calls(payer) == 1
    assert client.ttl(spent_key("day", time.time())) > 0


def test_what_is_not_recorded_yet_counts_too(client: redis.Redis, drain: Drain, payer: uuid.UUID) -> None:
    recorded = make_call(payer, waiver="free_call")
    write(recorded)
    drain.drain_batch()
    append_events(client, recorded)  # as if the drain was killed before it removed it
    write(make_call(payer, waiver="free_call"), make_call(payer, OTHER_KEY))
    lose(client, stream=False)
    rebuild()
    assert hot(client, payer) == MUCH - 3 * COST
    assert spent(payer) == {None: 3 * COST, KEY: 2 * COST}
    assert free_calls(payer) == 2


def test_a_redis_that_is_not_whole_tells_nothing_and_is_replaced(
    client: redis.Redis, drain: Drain, payer: uuid.UUID
) -> None:
    write(make_call(payer))
    drain.drain_batch()
    lose(client, stream=True)
    assert write(make_call(payer, waiver="free_call")) == [None], "what stands there was counted from nothing"
    assert hot(client, payer) == -COST
    drain.drain_batch()
    rebuild()
    assert hot(client, payer) == MUCH - 2 * COST
    assert spent(payer) == {None: 2 * COST, KEY: 2 * COST}
    assert free_calls(payer) == 1
    assert write(make_call(payer)) == [MUCH - 3 * COST]


def test_what_somebody_spoilt_is_made_anew(client: redis.Redis, payer: uuid.UUID) -> None:
    write(make_call(payer))
    client.hset(BALANCES, str(payer), "a lot")
    client.hset(spent_key("day", time.time()), spent_field(str(payer)), "1e9")
    client.set(free_calls_key(time.time()), "no hash")
    assert spent(payer) == {None: 0, KEY: COST}
    assert write(make_call(payer)) == [None]
    rebuild()
    assert hot(client, payer) == MUCH - 2 * COST
    assert spent(payer) == {None: 2 * COST, KEY: 2 * COST}


def test_a_whole_redis_is_left_as_it_is(client: redis.Redis, payer: uuid.UUID) -> None:
    write(make_call(payer))
    client.hincrby(BALANCES, str(payer), 5)
    report = rebuild_redis(dict, timezone.now())
    assert (report.restored, report.counts) == (0, 0)
    assert [(one.hot, one.expected) for one in report.differences] == [(MUCH - COST + 5, MUCH - COST)]


def wait_for(made: list[MeterEvent], more: int) -> None:
    """Returns when so many more calls were made."""
    wanted, deadline = len(made) + more, time.monotonic() + 60
    while len(made) < wanted:
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_calls_go_on_while_all_is_made_anew(client: redis.Redis, transactional_db: None, payer: uuid.UUID) -> None:
    """Written and drained at full speed, lost and made anew four times: nothing is counted twice, or left out."""
    stop, made = threading.Event(), list[MeterEvent]()

    async def call() -> None:
        writer = MeterWriter(settings.REDIS_URL)
        await writer.start()
        while not stop.is_set():
            events = [make_call(payer) for _ in range(20)]
            await asyncio.gather(*(writer.write(event, counts_of(event)) for event in events))
            made.extend(events)
        await writer.close()

    def drain() -> None:
        with closing(psycopg.connect(database_address(), autocommit=True)) as own:
            draining = Drain(own, client, share_royalty)
            while calling.is_alive() or client.xlen(STREAM):
                draining.drain_batch()

    calling, draining = threading.Thread(target=lambda: asyncio.run(call())), threading.Thread(target=drain)
    calling.start()
    draining.start()
    for _ in range(4):
        wait_for(made, 200)
        lose(client, stream=False)
        wait_for(made, 40)
        rebuild()
    stop.set()
    calling.join(60)
    draining.join(60)
    cost = MUCH - get_balance(payer)
    assert cost == len(made) * COST
    assert rebuild_hot_balances().differences == ()
    assert hot(client, payer) == MUCH - cost
    assert spent(payer) == {None: cost, KEY: cost}
