"""What a caller gets, as bytes."""

import base64
import json

import msgspec
import pytest

from execution.client import AlgorithmFailure, Answer, Usage
from marketplace.directory.entries import PriceEntry, VersionEntry
from marketplace.gateway.addresses import NO_OPTIONS, Options
from marketplace.gateway.errors import QueueIsFull, Unauthorized, UnknownAlgorithm
from marketplace.gateway.notices import notice_of
from marketplace.gateway.replies import Reply, open_to_sites, reply_with_answer, reply_with_refusal, write_reply

USAGE = Usage(queue_us=100, load_us=200, run_us=1_500)
RAW = Options(output="raw")
FAILURE = AlgorithmFailure("The picture is empty.", "InputError", "line 3")


def answer_of(value: object, kind: str = "json") -> Answer:
    return Answer("ok", USAGE, result=msgspec.Raw(msgspec.json.encode(value)), content_type=kind)


def reply(answer: Answer, options: Options = NO_OPTIONS, *, owned: bool = False) -> Reply:
    return reply_with_answer(answer, call_id="call-1", cost=1500, options=options, owned=owned)


def test_a_deprecated_version_says_so_in_headers_and_metadata() -> None:
    version = VersionEntry(
        version_id="1",
        number="1.0.0",
        source_hash="",
        artifact="",
        environment="python3",
        entry="a.py",
        timeout_seconds=1,
        memory_bytes=1,
        network=False,
        calls_others=False,
        price=PriceEntry(0, 0),
        deprecation='Use 2.0, "the fast one"\r\nset-cookie: a=b',
        deprecated_at=1_700_000_000.5,
    )
    notice = notice_of(version)
    assert notice is not None
    assert notice_of(msgspec.structs.replace(version, deprecated_at=0.0)) is None
    answer = answer_of(1)
    made = reply_with_answer(answer, call_id="c", cost=0, options=NO_OPTIONS, owned=False, notice=notice)
    lines = made.headers.decode().split("\r\n")
    assert "deprecation: @1700000000" in lines
    assert """warning: 299 agora "Use 2.0, 'the fast one' set-cookie: a=b\"""" in lines
    assert json.loads(made.body)["metadata"]["deprecated"] == version.deprecation


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
    made = reply(answer_of(value, kind), RAW)
    assert (made.status, made.content_type, made.body) == (200, content_type, body)


@pytest.mark.parametrize(
    ("outcome", "status"), [("algorithm_error", 200), ("crashed", 200), ("timeout", 504), ("unavailable", 503)]
)
def test_a_failure_of_the_algorithm(outcome: str, status: int) -> None:
    made = reply(Answer(outcome, USAGE, error=FAILURE))
    assert made.status == status
    error = {"message": "The picture is empty.", "error_type": "InputError"}
    assert json.loads(made.body) == {"error": error, "metadata": {"duration": 0.0015}}


def test_only_those_who_may_read_the_source_get_the_trace() -> None:
    made = reply(Answer("algorithm_error", USAGE, error=FAILURE), owned=True)
    error = json.loads(made.body)["error"]
    assert error["stacktrace"] == error["stack_trace"] == "line 3"


@pytest.mark.parametrize(
    ("outcome", "error_type", "status"),
    [("algorithm_error", "InputError", 400), ("algorithm_error", "AlgorithmError", 500),
     ("crashed", "SystemExit", 500), ("timeout", "TimeoutError", 504), ("unavailable", "SystemError", 503)],
)  # fmt: skip
def test_a_bare_failure_is_a_status_and_a_text(outcome: str, error_type: str, status: int) -> None:
    made = reply(Answer(outcome, USAGE, error=AlgorithmFailure("It is\nempty: é.", error_type)), RAW)
    assert (made.status, made.body.decode()) == (status, "It is\nempty: é.")
    assert made.content_type == b"text/plain; charset=utf-8"
    assert b"x-error-message: It is empty: ?.\r\n" in made.headers


def test_times_are_told_to_those_who_ask() -> None:
    timing = {"queued": 0.0001, "loading": 0.0002, "running": 0.0015, "total": 0.0018}
    body = json.loads(reply(answer_of(1), Options(timing=True)).body)
    assert body["metadata"] == {"content_type": "json", "duration": 0.0015, "timing": timing}
    failed = json.loads(reply(Answer("crashed", USAGE, error=FAILURE), Options(timing=True)).body)
    assert failed["metadata"] == {"duration": 0.0015, "timing": timing}


def test_a_refusal() -> None:
    made = reply_with_refusal(Unauthorized("authorization required"))
    assert made.status == 401
    assert json.loads(made.body)["error"] == {"message": "authorization required", "error_type": "AuthorizationError"}
    assert json.loads(made.body)["metadata"] == {"duration": 0}, "which some clients cannot do without"
    message = b"x-error-message: authorization required\r\n"
    assert made.headers == b'www-authenticate: Simple realm="agora"\r\n' + message
    assert reply_with_refusal(QueueIsFull(2.4)).headers.startswith(b"retry-after: 2\r\n")


def test_no_message_makes_a_header_of_its_own() -> None:
    headers = reply_with_refusal(UnknownAlgorithm("no\r\nset-cookie: a=b")).headers
    assert headers == b"x-error-message: no set-cookie: a=b\r\n"


def test_an_answer_for_the_pages_of_other_sites() -> None:
    made = open_to_sites(Reply(200, b"a", b"b", b"x-a: b\r\n"))
    assert made.headers.startswith(b"x-a: b\r\naccess-control-allow-origin: *\r\n")


def test_the_whole_answer() -> None:
    written = write_reply(Reply(200, b"text/plain", b"hello", b"x-a: b\r\n"), date=b"today", keep_alive=False)
    assert written == (
        b"HTTP/1.1 200 OK\r\ndate: today\r\ncontent-type: text/plain\r\ncontent-length: 5\r\n"
        b"x-a: b\r\nconnection: close\r\n\r\nhello"
    )
    assert b"connection" not in write_reply(Reply(200, b"a", b""), date=b"today", keep_alive=True)
