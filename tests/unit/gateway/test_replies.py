"""What a caller gets, as bytes."""

import base64
import json

import msgspec
import pytest

from execution.client import AlgorithmFailure, Answer, Usage
from marketplace.gateway.errors import QueueIsFull, Unauthorized
from marketplace.gateway.replies import Reply, reply_with_answer, reply_with_refusal, write_reply

USAGE = Usage(run_us=1_500)
FAILURE = AlgorithmFailure("The picture is empty.", "InputError", "line 3")


def answer_of(value: object, kind: str = "json") -> Answer:
    return Answer("ok", USAGE, result=msgspec.Raw(msgspec.json.encode(value)), content_type=kind)


def reply(answer: Answer, *, raw: bool = False, may_read_source: bool = False) -> Reply:
    return reply_with_answer(answer, call_id="call-1", cost=1500, raw=raw, may_read_source=may_read_source)


def test_a_result_and_what_it_is() -> None:
    made = reply(answer_of({"a": [1, None]}))
    assert (made.status, made.content_type) == (200, b"application/json")
    body = json.loads(made.body)
    assert body == {"result": {"a": [1, None]}, "metadata": {"content_type": "json", "duration": 0.0015}}
    assert list(body["metadata"]) == ["content_type", "duration"], "published clients compare the names in order"
    assert made.headers == b"x-agora-call-id: call-1\r\nx-agora-cost: 1500\r\n"


@pytest.mark.parametrize(
    ("value", "kind", "content_type", "body"),
    [
        ([1], "json", b"application/json", b"[1]"),
        ("hé\n", "text", b"text/plain; charset=utf-8", "hé\n".encode()),
        (base64.b64encode(b"\0\xff").decode(), "binary", b"application/octet-stream", b"\0\xff"),
    ],
)
def test_the_bare_result(value: object, kind: str, content_type: bytes, body: bytes) -> None:
    made = reply(answer_of(value, kind), raw=True)
    assert (made.status, made.content_type, made.body) == (200, content_type, body)


@pytest.mark.parametrize(
    ("outcome", "status"), [("algorithm_error", 200), ("crashed", 200), ("timeout", 504), ("unavailable", 503)]
)
@pytest.mark.parametrize("raw", [True, False])
def test_a_failure_of_the_algorithm(outcome: str, status: int, raw: bool) -> None:
    made = reply(Answer(outcome, USAGE, error=FAILURE), raw=raw)
    assert made.status == status
    error = {"message": "The picture is empty.", "error_type": "InputError"}
    assert json.loads(made.body) == {"error": error, "metadata": {"duration": 0.0015}}


def test_only_those_who_may_read_the_source_get_the_trace() -> None:
    made = reply(Answer("algorithm_error", USAGE, error=FAILURE), may_read_source=True)
    assert json.loads(made.body)["error"]["stacktrace"] == "line 3"


def test_a_refusal() -> None:
    made = reply_with_refusal(Unauthorized("authorization required"))
    assert made.status == 401
    assert json.loads(made.body)["error"] == {"message": "authorization required", "error_type": "AuthorizationError"}
    assert made.headers == b'www-authenticate: Simple realm="agora"\r\n'
    assert reply_with_refusal(QueueIsFull(2.4)).headers == b"retry-after: 2\r\n"


def test_the_whole_answer() -> None:
    written = write_reply(Reply(200, b"text/plain", b"hello", b"x-a: b\r\n"), date=b"today", keep_alive=False)
    assert written == (
        b"HTTP/1.1 200 OK\r\ndate: today\r\ncontent-type: text/plain\r\ncontent-length: 5\r\n"
        b"x-a: b\r\nconnection: close\r\n\r\nhello"
    )
    assert b"connection" not in write_reply(Reply(200, b"a", b""), date=b"today", keep_alive=True)
