"""Budgets, rates, calls at once and bounds of call trees, over HTTP on a running platform."""

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.integration.gateway.conftest import CALL_SECONDS, Probe
from tests.integration.gateway.test_calls import nest
from tests.platform import RunningPlatform

ROYALTY = 2_000_000
"""Micro-credits of a call of the probe; its compute costs a few thousand more."""
FRESH_SECONDS = 5.0


@dataclass(frozen=True)
class Key:
    """A key of the organization demo that no other test uses."""

    id: str
    text: str
    owner: httpx.Client

    def limit(self, **limits: int) -> None:
        self.owner.put(f"/v1/organizations/demo/keys/{self.id}/limits", json=limits).raise_for_status()

    def budget(self, amount: int, **settings: Any) -> str:
        body = {"period": "day", "amount_microcredits": amount, "key_id": self.id} | settings
        return str(self.owner.post("/v1/organizations/demo/budgets", json=body).raise_for_status().json()["id"])

    def spent(self) -> int:
        budgets = self.owner.get("/v1/organizations/demo/budgets").json()
        return int(next(budget["spent_microcredits"] for budget in budgets if budget["key_id"] == self.id))


@pytest.fixture
def key(probe: Probe) -> Key:
    made = probe.client.post("/v1/organizations/demo/keys", json={"name": f"limited {uuid.uuid4()}"}).raise_for_status()
    return Key(made.json()["id"], made.json()["key"], probe.client)


@pytest.fixture
def caller(platform: RunningPlatform, key: Key) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Simple {key.text}"}
    with httpx.Client(base_url=platform.address, headers=headers, timeout=CALL_SECONDS) as client:
        yield client


def until(caller: httpx.Client, probe: Probe, status: int) -> httpx.Response:
    """The first answer with that status; a change is known everywhere within a second."""
    deadline = time.monotonic() + FRESH_SECONDS
    while (answer := caller.post(probe.path, json={"do": "echo", "with": 1})).status_code != status:
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.02)
    return answer


def test_64_callers_cannot_overspend_a_budget_by_more_than_the_calls_in_flight(
    platform: RunningPlatform, probe: Probe, key: Key
) -> None:
    key.budget(100 * ROYALTY)
    time.sleep(1)
    answers: Counter[int] = Counter()

    async def call_until_refused(client: httpx.AsyncClient) -> None:
        for _ in range(20):
            answer = await client.post(probe.path, json={"do": "echo", "with": 1})
            answers[answer.status_code] += 1
            if answer.status_code == 402:
                assert answer.json()["error"]["error_type"] == "PaymentRequiredError"
                assert "budget of this key for this day is spent" in answer.json()["error"]["message"]
                return

    async def call_all() -> None:
        headers = {"Authorization": f"Simple {key.text}"}
        connections = httpx.Limits(max_connections=64)
        async with httpx.AsyncClient(
            base_url=platform.address, headers=headers, timeout=CALL_SECONDS, limits=connections
        ) as client:
            await asyncio.gather(*(call_until_refused(client) for _ in range(64)))

    asyncio.run(call_all())
    assert answers.keys() == {200, 402}
    assert 95 <= answers[200] <= 100 + 64, answers
    assert answers[402] == 64
    assert key.spent() >= answers[200] * ROYALTY


def test_a_soft_budget_stops_nobody_and_a_removed_one_neither(probe: Probe, key: Key, caller: httpx.Client) -> None:
    budget = key.budget(0)
    until(caller, probe, 402)
    key.budget(0, hard=False)
    until(caller, probe, 200)
    key.budget(0, period="month")
    until(caller, probe, 402)
    budgets = probe.client.get("/v1/organizations/demo/budgets").json()
    for one in (one["id"] for one in budgets if one["key_id"] == key.id):
        assert probe.client.delete(f"/v1/organizations/demo/budgets/{one}").status_code == 204
    until(caller, probe, 200)
    assert probe.client.delete(f"/v1/organizations/demo/budgets/{budget}").status_code == 404


def test_a_new_budget_knows_what_was_spent_before(probe: Probe, key: Key, caller: httpx.Client) -> None:
    cost = int(until(caller, probe, 200).headers["x-agora-cost"])
    key.budget(10**12)
    assert key.spent() == cost


def test_a_key_that_calls_too_fast_is_told_when_to_come_again(probe: Probe, key: Key, caller: httpx.Client) -> None:
    key.limit(calls_per_second=1)
    answer = until(caller, probe, 429)
    assert answer.headers["retry-after"] == "1"
    assert answer.json()["error"]["error_type"] == "RateLimitError"
    time.sleep(1.05)
    assert caller.post(probe.path, json={"do": "echo", "with": 1}).status_code == 200


def test_a_key_makes_only_so_many_calls_at_once(probe: Probe, key: Key, caller: httpx.Client) -> None:
    key.limit(calls_at_once=1)
    time.sleep(1)
    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(caller.post, probe.path, json={"do": "sleep", "with": 0.5}) for _ in range(2)]
        statuses = sorted(job.result().status_code for job in jobs)
    assert statuses == [200, 429]
    assert caller.post(probe.path, json=nest(probe, 2)).status_code == 200, "what a call calls is not counted"


@pytest.mark.parametrize(
    ("bound", "words"),
    [("max_depth=2", "max_depth"), ("max_calls=3", "max_calls"), ("max_cost=0.000001", "max_cost")],
)
def test_a_tree_stops_where_its_first_caller_says(probe: Probe, bound: str, words: str) -> None:
    answer = probe.client.post(f"{probe.path}?{bound}", json=nest(probe, 5))
    if words == "max_cost":  # the calls of a chain cost nothing before they end
        assert answer.json()["result"] == "bottom"
        return
    assert words in answer.json()["error"]["message"], answer.text
    assert probe.client.post(f"{probe.path}?{bound}", json=nest(probe, 2)).json()["result"] == "bottom"


@pytest.mark.parametrize("bound", ["max_depth=-1", "max_calls=many", "max_cost=1e3", "max_cost=1.1234567"])
def test_a_bound_that_is_none_is_refused(probe: Probe, bound: str) -> None:
    answer = probe.client.post(f"{probe.path}?{bound}", json=1)
    assert (answer.status_code, bound.partition("=")[0] in answer.json()["error"]["message"]) == (400, True)
