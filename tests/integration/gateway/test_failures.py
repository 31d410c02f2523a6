"""What a failing algorithm said can be read by its owner a moment later."""

import time

from tests.integration.gateway.conftest import Probe

SECONDS = 15.0


def test_a_failed_call_is_in_the_list_of_errors(probe: Probe) -> None:
    call_id = probe.post("fail", "It is too dark.").headers["x-agora-call-id"]
    deadline = time.monotonic() + SECONDS
    while True:
        rows = probe.client.get("/v1/algorithms/demo/probe/errors").raise_for_status().json()
        found = [row for row in rows if row["request_id"] == call_id]
        if found:
            break
        assert time.monotonic() < deadline
        time.sleep(0.1)
    [row] = found
    assert "It is too dark." in row["error"]
    assert "Traceback" in row["stack_trace"]
    assert row["input"].replace(" ", "") == '{"do":"fail","with":"Itistoodark."}'
    assert (row["username"], row["algoname"], row["billable_to"]) == ("demo", "probe", "demo")
