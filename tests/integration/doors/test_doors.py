"""The door inside a slot: plain HTTP without a key, for the call that runs there, and for nothing and nobody else."""

import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from marketplace.gateway.slot_connections import MOST_CONNECTIONS
from tests.integration.doors.conftest import ENTRY, Runner, publish
from tests.platform import RunningPlatform

CALLED = "/v1/algo/agora/hello"
RECORDED_SECONDS = 15.0
LATER_SECONDS = 20.0


def test_it_calls_others_in_the_name_of_the_call_that_runs(caller: Runner, owner: httpx.Client) -> None:
    answer = caller.post(f"result = ask('POST', '{CALLED}', 'Ann')")
    status, child = answer.json()["result"]
    assert (status, child["result"]) == (200, owner.post(CALLED, json="Ann").json()["result"])
    parent = answer.headers["x-agora-call-id"]
    deadline = time.monotonic() + RECORDED_SECONDS
    while True:
        calls = owner.get("/v1/organizations/demo/calls").raise_for_status().json()["results"]
        if any(call["parent_id"] == parent for call in calls):
            return
        assert time.monotonic() < deadline, "the child was not recorded under its parent"
        time.sleep(0.1)


def test_each_slot_acts_for_its_own_call(caller: Runner) -> None:
    source = f"import time; time.sleep(0.3); result = ask('POST', '/v1/algo/{caller.reference}', 'result = 5')"
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(caller.run, [source] * 4))
    assert [child["result"] for _, child in answers] == [5] * 4


def test_hosted_data_is_there_too(caller: Runner, owner: httpx.Client) -> None:
    owner.post("/v1/data/demo", json={"name": "doors"})
    wrote, read = caller.run(
        """
        wrote = ask("PUT", "/v1/data/demo/doors/note.txt", b"from inside")
        read = ask("GET", "/v1/data/demo/doors/note.txt")
        result = [wrote, read]
        """
    )
    assert wrote[0] == 200, wrote
    assert read == [200, "from inside"]
    assert owner.get("/v1/data/demo/doors/note.txt").text == "from inside"


def test_calls_for_later_are_the_callers(caller: Runner, owner: httpx.Client) -> None:
    status, later = caller.run(f"result = ask('POST', '{CALLED}?output=void', 'Ann')")
    assert (status, later["async"]) == (200, "void")
    answer = owner.get(f"/v1/calls/{later['request_id']}", params={"wait": 30}).json()
    assert answer["state"] == "succeeded", answer


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/v1/organizations"),
        ("GET", "/v1/algorithms/demo/door_caller"),
        ("POST", "/v1/algorithms/demo"),
        ("GET", "/v1/schema"),
        ("GET", "/admin/"),
        ("GET", "/v1/data/../organizations"),
        ("GET", "//v1/organizations"),
        ("GET", "/v1/algorithms/demo/door_caller#/v1/data/"),
        ("OPTIONS", "/v1/organizations"),
    ],
)
def test_nothing_else_is_served(caller: Runner, method: str, path: str) -> None:
    source = f"""
    import http.client, os
    connection = http.client.HTTPConnection(ADDRESS.split("//")[1], timeout=10)
    connection.request("{method}", "{path}", b"{{}}", {{"Content-Type": "application/json"}})
    answer = connection.getresponse()
    result = [answer.status, answer.read().decode()]
    """.replace("ADDRESS", "os.environ['ALGORITHMIA_API']")
    status, text = caller.run(source)
    assert status in (400, 404), text


def test_a_right_of_ones_own_counts_and_a_forged_one_does_not(platform: RunningPlatform, caller: Runner) -> None:
    for key, status in ((platform.demo_key, 200), ("agora1.e30.forged", 401), ("sim" + "x" * 25, 401)):
        assert caller.run(f"result = ask('POST', '{CALLED}', 'Ann', Authorization='Simple {key}')")[0] == status


def test_between_calls_there_is_no_right(caller: Runner, owner: httpx.Client) -> None:
    owner.post("/v1/data/demo", json={"name": "secret", "acl": {"read": []}})
    owner.put("/v1/data/demo/secret/x.txt", content=b"x").raise_for_status()
    assert caller.run("result = ask('GET', '/v1/data/demo/secret/x.txt')") == [200, "x"]
    caller.run(
        f"""
        import threading
        def late():
            state["late"] = [ask("POST", "{CALLED}", "Ann"), ask("GET", "/v1/data/demo/secret/x.txt")]
        threading.Timer(0.5, late).start()
        """
    )
    deadline = time.monotonic() + LATER_SECONDS
    time.sleep(1)  # not a call that would lend its right
    while (late := caller.run("result = state.get('late')")) is None:
        assert time.monotonic() < deadline, "the late request was not answered"
        time.sleep(0.5)
    assert late[0][0] == 401, late
    assert late[1][0] in (401, 404), late


def test_a_version_that_may_not_call_others_has_no_door(caller: Runner, loner: Runner) -> None:
    caller.run("result = 1")  # one stands open elsewhere
    source = """
    import os, socket
    result = []
    for host in ("127.0.0.1", "localhost", "::1"):
        try:
            socket.create_connection((host, 9000), timeout=3).close()
        except OSError as error:
            result.append(type(error).__name__)
    result.append(os.environ["ALGORITHMIA_API"])
    """
    *refused, address = loner.run(source)
    assert len(refused) == 3
    assert address == "http://127.0.0.1:9000"


LOADING = """
def load():
    return [ask("GET", "/v1/data/demo/doors/model.txt"), ask("POST", "CALLED", "Ann")[0],
            ask("PUT", "/v1/data/demo/doors/model.txt", b"changed")[0], ask("GET", "/v1/calls")[0]]

def apply(input, loaded):
    return loaded
""".replace("CALLED", CALLED)


def test_a_version_that_loads_reads_what_is_its_owners_and_no_more(
    platform: RunningPlatform, owner: httpx.Client, tmp_path_factory: pytest.TempPathFactory
) -> None:
    owner.post("/v1/data/demo", json={"name": "doors", "acl": {"read": []}})
    owner.put("/v1/data/demo/doors/model.txt", content=b"weights").raise_for_status()
    folder = tmp_path_factory.mktemp("loading")
    reference = publish(platform, folder, "door_loading", calls_others=True, entry=ENTRY + LOADING)
    model, *others = owner.post(f"/v1/algo/{reference}", json="x").json()["result"]
    assert model == [200, "weights"]
    assert all(status in (401, 403, 404) for status in others), others
    assert owner.get("/v1/data/demo/doors/model.txt").text == "weights"


def test_a_slot_that_opens_connections_without_end_gets_only_so_many(caller: Runner) -> None:
    """The others are closed at once, and the slot itself can call again when it has let go."""
    source = """
    import os, socket
    address = os.environ["ALGORITHMIA_API"].split("//")[1].split(":")
    held = [socket.create_connection((address[0], int(address[1])), timeout=5) for _ in range(600)]
    def is_open(connection):
        connection.settimeout(0.02)
        try:
            return connection.recv(1) != b""
        except TimeoutError:
            return True
        except OSError:
            return False
    result = sum(map(is_open, held))
    for connection in held:
        connection.close()
    """
    assert caller.run(source) == MOST_CONNECTIONS
    assert caller.run(f"result = ask('POST', '{CALLED}', 'Ann')")[0] == 200
