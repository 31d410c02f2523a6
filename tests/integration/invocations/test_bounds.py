"""The bounds of a tree of calls hold for its first call, however it was asked for."""

import pytest

from tests.integration.gateway.conftest import Probe, probe, probe_reference
from tests.integration.gateway.test_calls import nest
from tests.integration.invocations.platform_calls import look
from tests.integration.invocations.test_batches import all_results, finish

__all__ = ["probe", "probe_reference"]
BOUNDS = [("max_depth", "2"), ("max_calls", "3"), ("max_cost", "0")]


@pytest.mark.parametrize(("name", "bound"), BOUNDS)
def test_a_call_that_may_wait_stops_where_its_caller_says(probe: Probe, name: str, bound: str) -> None:
    answer = probe.client.post(probe.path, json=nest(probe, 5), params={"output": "void", name: bound})
    call = look(probe, answer.raise_for_status().json()["request_id"], wait=40)
    assert call["state"] == "failed", call
    assert name in call["answer"]["error"]["message"]


@pytest.mark.parametrize(("name", "bound"), BOUNDS)
def test_each_call_of_a_batch_has_the_bounds_to_itself(probe: Probe, name: str, bound: str) -> None:
    within = 0 if name == "max_cost" else 2
    inputs = [nest(probe, depth) for depth in (within, 5, within)]
    batch = probe.client.post(f"{probe.path}/batch", json=inputs, params={name: bound}).raise_for_status().json()
    finish(probe, batch)
    first, stopped, last = (line["answer"] for line in all_results(probe, batch))
    assert first["result"] == last["result"] == "bottom"
    assert name in stopped["error"]["message"]


@pytest.mark.parametrize("bound", ["max_depth=-1", "max_calls=many", "max_cost=1e3"])
@pytest.mark.parametrize("address", ["?output=void&", "/batch?"])
def test_a_bound_that_is_none_is_refused_before_anything_is_kept(probe: Probe, address: str, bound: str) -> None:
    answer = probe.client.post(f"{probe.path}{address}{bound}", json=[1])
    assert answer.status_code == 400, answer.text
    assert bound.partition("=")[0] in answer.json()["error"]["message"]
