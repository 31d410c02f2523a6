"""What the gateway counts in memory: free calls of the month, and the cost of a tree."""

import time
import uuid
from collections.abc import AsyncIterator

import msgspec
import pytest
import redis
from django.conf import settings

from billing.api import MeterWriter, free_calls_field, free_calls_key, spent_key
from marketplace.directory import publisher
from marketplace.directory.entries import BudgetEntry, KeyLimitEntry, LimitsEntry, PriceEntry
from marketplace.gateway.addresses import read_address
from marketplace.gateway.callers import Caller, TreeBounds
from marketplace.gateway.errors import PaymentRequired, TooFast, TreeStopped
from marketplace.gateway.limits import Limits
from marketplace.gateway.mirror import Mirror, Target
from tests.integration.billing.conftest import make_event
from tests.integration.gateway.test_admission import BEN, client, publish, version_of

__all__ = ["client"]


@pytest.fixture
async def mirror(client: redis.Redis) -> AsyncIterator[Mirror]:
    made = Mirror(settings.REDIS_URL)
    await made.start()
    yield made
    await made.close()


def target_of(mirror: Mirror) -> Target:
    found = mirror.find(read_address(b"/ann/free"))
    assert found is not None
    return found


async def test_free_calls_are_counted_once_for_all_gateways(client: redis.Redis) -> None:
    publish("free", msgspec.structs.replace(version_of("1.0.0"), price=PriceEntry(0, 5, free_calls_per_month=3)))
    mirrors = [Mirror(settings.REDIS_URL) for _ in range(2)]
    writers = [MeterWriter(settings.REDIS_URL) for _ in mirrors]
    caller, free = Caller(BEN, 2, None), []
    for mirror, writer in zip(mirrors, writers, strict=True):
        await mirror.start()
        await writer.start()
        writer.counts = mirror.counts
    for number in range(5):
        mirror, writer = mirrors[number % 2], writers[number % 2]
        limits, now, target = Limits(mirror), time.time(), target_of(mirror)
        await limits.know_free_calls(caller, target, now)
        free.append(limits.is_free_call(caller, target, now))
        counts = limits.count(caller, target, cost=0, free=free[-1], now=now)
        await writer.write(make_event(payer_id=BEN), counts)
    for mirror, writer in zip(mirrors, writers, strict=True):
        await writer.close()
        await mirror.close()
    assert free == [True, True, True, False, False]
    field = free_calls_field(payer_id=BEN, algorithm_id=target.algorithm.algorithm_id)
    assert int(client.hget(free_calls_key(now), field) or 0) == 3
    assert client.ttl(free_calls_key(now)) > 86_400


async def test_a_tree_ends_at_its_cost_and_its_calls(mirror: Mirror) -> None:
    publish("free", version_of("1.0.0"))
    limits, now = Limits(mirror), time.time()
    child = Caller(BEN, 2, None, root_id="root", parent_id="root", depth=1, bounds=TreeBounds(calls=2, cost=10))
    limits.check(child, now)
    limits.count(child, None, cost=9, free=False, now=now)  # type: ignore[arg-type]
    limits.check(child, now)
    with pytest.raises(TreeStopped, match="max_calls"):
        limits.check(child, now)
    richer = msgspec.structs.replace(child, bounds=TreeBounds(calls=9, cost=10))
    limits.count(richer, None, cost=1, free=False, now=now)  # type: ignore[arg-type]
    with pytest.raises(PaymentRequired, match="max_cost"):
        limits.check(richer, now)
    limits.forget_tree("root")
    limits.check(richer, now)


async def test_budgets_hold_whom_they_are_about(mirror: Mirror) -> None:
    key_id, now = str(uuid.uuid4()), time.time()
    budgets = (BudgetEntry("day", 10, hard=True, key_id=key_id), BudgetEntry("month", 30, hard=True, member_id=2))
    mirror.limits[BEN] = LimitsEntry(budgets, (KeyLimitEntry(key_id, calls_per_second=2, calls_at_once=1),))
    limits = Limits(mirror)
    with_key, other, stranger = Caller(BEN, 2, key_id), Caller(BEN, 2, None), Caller(BEN, 3, None)
    limits.check(with_key, now)
    begun = limits.begin(with_key)
    with pytest.raises(TooFast, match="at once"):
        limits.begin(with_key)
    limits.end(begun)
    counts = limits.count(with_key, None, cost=10, free=False, now=now)  # type: ignore[arg-type]
    assert {(count.key, count.amount) for count in counts} == {
        (spent_key("day", now), 10),
        (spent_key("month", now), 10),
    }
    with pytest.raises(PaymentRequired, match="this key for this day"):
        limits.check(with_key, now)
    limits.check(other, now)
    limits.count(other, None, cost=20, free=False, now=now)  # type: ignore[arg-type]
    with pytest.raises(PaymentRequired, match="this member for this month"):
        limits.check(other, now)
    limits.check(stranger, now)
    limits.check(with_key, now + 86_400 * 40)
    publisher.publish_limits({BEN: None})
