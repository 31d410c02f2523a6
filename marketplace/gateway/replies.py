"""What a caller gets, as bytes: results, failures of algorithms, refusals. Pure."""

import base64
from http import HTTPStatus

import msgspec

from execution.client import AlgorithmFailure, Answer
from marketplace.gateway.errors import Refused

JSON, TEXT, BINARY = b"application/json", b"text/plain; charset=utf-8", b"application/octet-stream"
STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}
FAILED_STATUS = 200
"""An algorithm that failed was called all the same, and published clients read its error from a 200 only."""
OTHER_STATUSES = {"timeout": 504, "unavailable": 503}
"""By outcome: what is not the algorithm's own answer."""


class Reply(msgspec.Struct, frozen=True):
    """An answer without the headers that every answer has."""

    status: int
    content_type: bytes
    body: bytes
    headers: bytes = b""
    """Further header lines, each with its end."""


def reply_with_answer(answer: Answer, *, call_id: str, cost: int, raw: bool, may_read_source: bool) -> Reply:
    """For a call that was made, for so many micro-credits.

    `may_read_source`: whether the caller may see the algorithm's stack trace.
    """
    headers = b"x-agora-call-id: %b\r\nx-agora-cost: %d\r\n" % (call_id.encode(), cost)
    if answer.error is not None:
        status = OTHER_STATUSES.get(answer.outcome, FAILED_STATUS)
        return Reply(status, JSON, _failure(answer.error, answer.usage.run_us, may_read_source), headers)
    if raw:
        return _raw_result(answer, headers)
    assert answer.result is not None, "an answer has a result or an error"
    assert answer.content_type is not None, "a result has a type"
    metadata = b'"metadata":{"content_type":"%b","duration":%.6f}}'
    metadata %= (answer.content_type.encode(), answer.usage.run_us / 1e6)
    return Reply(200, JSON, b"".join((b'{"result":', answer.result, b",", metadata)), headers)


def reply_with_refusal(refused: Refused) -> Reply:
    """For a call that was not made."""
    body = msgspec.json.encode({"error": {"message": refused.message, "error_type": refused.error_type}})
    headers = "".join(f"{name}: {value}\r\n" for name, value in refused.headers.items())
    return Reply(refused.status, JSON, body, headers.encode())


def write_reply(reply: Reply, *, date: bytes, keep_alive: bool) -> bytes:
    """The whole HTTP answer."""
    return b"%bdate: %b\r\ncontent-type: %b\r\ncontent-length: %d\r\n%b%b\r\n%b" % (
        STATUS_LINES[reply.status],
        date,
        reply.content_type,
        len(reply.body),
        reply.headers,
        b"" if keep_alive else b"connection: close\r\n",
        reply.body,
    )


def _failure(failure: AlgorithmFailure, run_us: int, may_read_source: bool) -> bytes:
    error = {"message": failure.message, "error_type": failure.error_type}
    if may_read_source and failure.stacktrace:
        error["stacktrace"] = failure.stacktrace
    return msgspec.json.encode({"error": error, "metadata": {"duration": run_us / 1e6}})


def _raw_result(answer: Answer, headers: bytes) -> Reply:
    assert answer.result is not None, "an answer has a result or an error"
    if answer.content_type == "json":
        return Reply(200, JSON, bytes(answer.result), headers)
    text = msgspec.json.decode(answer.result, type=str)
    if answer.content_type == "text":
        return Reply(200, TEXT, text.encode(), headers)
    return Reply(200, BINARY, base64.b64decode(text), headers)
