"""Results that are delivered to a webhook: a real receiver, real signatures, and attempts that fail."""

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.integration.gateway.conftest import Probe, probe, probe_reference
from tests.integration.invocations.platform_calls import SOON, ask, look

__all__ = ["probe", "probe_reference"]
SECRET = "/v1/organizations/demo/webhook-secret"


class Receiver:
    """Answers the statuses it is given, one after the other and the last one for ever; remembers what came."""

    def __init__(self) -> None:
        self.statuses = [200]
        self.received: list[tuple[dict[str, str], bytes]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.received.append(({name.lower(): text for name, text in self.headers.items()}, body))
                status = receiver.statuses.pop(0) if len(receiver.statuses) > 1 else receiver.statuses[0]
                self.send_response(status)
                self.send_header("Location", "/elsewhere")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook?from=agora"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    thread = threading.Thread(target=made.server.serve_forever)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


def wait_for_delivery(probe: Probe, request_id: str, state: str) -> dict[str, Any]:
    deadline = time.monotonic() + SOON
    while (webhook := look(probe, request_id)["webhook"])["state"] != state:
        assert time.monotonic() < deadline, webhook
        time.sleep(0.1)
    return dict(webhook)


def test_a_result_is_delivered_and_signed(probe: Probe, receiver: Receiver) -> None:
    request_id = ask(probe, "echo", "é", webhook=receiver.url)
    webhook = wait_for_delivery(probe, request_id, "delivered")
    assert (webhook["attempts"], webhook["last_status"], webhook["url"]) == (1, 200, receiver.url)
    headers, body = receiver.received[0]
    notice = json.loads(body)
    assert (notice["request_id"], notice["state"], notice["status"]) == (request_id, "succeeded", 200)
    assert notice["answer"]["result"] == "é"
    assert headers["x-agora-request-id"] == request_id

    secret = probe.client.get(SECRET).json()["secret"]
    at, signature, *_ = (part.split("=")[1] for part in headers["x-agora-signature"].split(","))
    assert signature == hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    assert abs(time.time() - int(at)) < 60


def test_a_receiver_that_fails_twice_gets_it_at_the_third_attempt(probe: Probe, receiver: Receiver) -> None:
    receiver.statuses = [500, 302, 204]
    request_id = ask(probe, "fail", "no", headers={"X-Agora-Webhook": receiver.url})
    webhook = wait_for_delivery(probe, request_id, "delivered")
    assert (webhook["attempts"], webhook["last_status"]) == (3, 204)
    bodies = [json.loads(body) for _, body in receiver.received]
    assert [body["state"] for body in bodies] == ["failed"] * 3, "and no redirection was followed"
    assert [headers["x-agora-attempt"] for headers, _ in receiver.received] == ["1", "2", "3"]


def test_nobody_there_is_shown_with_the_next_attempt(probe: Probe, receiver: Receiver) -> None:
    receiver.server.socket.close()  # the port is closed now, and stays free
    request_id = ask(probe, "echo", 1, webhook=receiver.url)
    deadline = time.monotonic() + SOON
    while (webhook := look(probe, request_id)["webhook"])["attempts"] < 2:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert webhook["state"] == "waiting"
    assert "ConnectionRefusedError" in webhook["last_error"]
    assert webhook["due_at"] is not None


def test_a_cancelled_call_is_told_of_too(probe: Probe, receiver: Receiver) -> None:
    request_id = ask(probe, "sleep", 15, webhook=receiver.url)
    probe.client.delete(f"/v1/calls/{request_id}")
    wait_for_delivery(probe, request_id, "delivered")
    notice = json.loads(receiver.received[0][1])
    assert (notice["state"], notice["answer"]) == ("cancelled", None)


def test_after_a_rotation_both_secrets_sign(probe: Probe, receiver: Receiver) -> None:
    before = probe.client.get(SECRET).json()["secret"]
    after = probe.client.post(SECRET).json()["secret"]
    assert before != after == probe.client.get(SECRET).json()["secret"]
    wait_for_delivery(probe, ask(probe, "echo", 1, webhook=receiver.url), "delivered")
    headers, body = receiver.received[0]
    at, *signatures = (part.split("=")[1] for part in headers["x-agora-signature"].split(","))
    expected = [hmac.new(key.encode(), f"{at}.".encode() + body, "sha256").hexdigest() for key in (after, before)]
    assert signatures == expected


def test_an_algorithm_cannot_name_a_webhook(probe: Probe, receiver: Receiver) -> None:
    """It may be a stranger's, and could send its caller's input anywhere."""
    inner = probe.post("call_later", {"algorithm": "agora/hello", "value": 1, "webhook": receiver.url}).json()
    assert inner["result"]["error"]["code"] == "permission_denied"


def test_a_wrong_address(probe: Probe) -> None:
    answer = probe.client.post(probe.path, json=1, params={"output": "void", "webhook": "ftp://example.com"})
    assert answer.status_code == 400
    assert "webhook" in answer.json()["error"]["message"]
