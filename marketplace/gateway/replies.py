"""What a caller gets, as bytes: results, failures of algorithms, refusals. Pure."""

import base64
from http import HTTPStatus

import msgspec

from execution.client import AlgorithmFailure, Answer, Usage
from marketplace.gateway.addresses import Options
from marketplace.gateway.errors import Refused
from marketplace.gateway.notices import Notice

JSON, TEXT, BINARY = b"application/json", b"text/plain; charset=utf-8", b"application/octet-stream"
STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}
FAILED_STATUS = 200
"""An algorithm that failed was called all the same, and published clients read its error from a 200 only."""
OTHER_STATUSES = {"timeout": 504, "unavailable": 503}
"""By outcome: what is not the algorithm's own answer."""
RAW_STATUSES = {"InputError": 400, "ParsingError": 400, "UnsupportedError": 400, "TooLargeError": 400}
"""A bare answer has no place for an error but its status: by error type, and 500 for all others."""
CORS_HEADERS = b"access-control-allow-origin: *\r\naccess-control-expose-headers: *\r\n"


class Reply(msgspec.Struct, frozen=True):
    """An answer without the headers that every answer has."""

    status: int
    content_type: bytes
    body: bytes
    headers: bytes = b""
    """Further header lines, each with its end."""


def reply_with_answer(
    answer: Answer, *, call_id: str, cost: int, options: Options, owned: bool, notice: Notice | None = None
) -> Reply:
    """For a call that was made, for so many micro-credits.

    `owned`: whether the caller may see the algorithm's stack trace.
    """
    headers = b"x-agora-call-id: %b\r\nx-agora-cost: %d\r\n" % (call_id.encode(), cost)
    raw, more = options.output == "raw", _more_metadata(answer, options)
    if notice is not None:
        headers, more = headers + notice.headers, more + b',"deprecated":' + notice.deprecated
    if answer.error is not None:
        return _failure(answer, answer.error, headers, raw=raw, owned=owned, more=more)
    if raw:
        return _raw_result(answer, headers)
    assert answer.result is not None, "an answer has a result or an error"
    assert answer.content_type is not None, "a result has a type"
    metadata = b'"metadata":{"content_type":"%b","duration":%.6f%b}}'
    metadata %= (answer.content_type.encode(), answer.usage.run_us / 1e6, more)
    return Reply(200, JSON, b"".join((b'{"result":', answer.result, b",", metadata)), headers)


def reply_with_refusal(refused: Refused) -> Reply:
    """For a call that was not made. Its message is in a header too, where some clients look first."""
    error = {"message": refused.message, "error_type": refused.error_type}
    body = msgspec.json.encode({"error": error, "metadata": {"duration": 0.0}})
    headers = "".join(f"{name}: {value}\r\n" for name, value in refused.headers.items())
    return Reply(refused.status, JSON, body, headers.encode() + _message_header(refused.message))


def open_to_sites(reply: Reply) -> Reply:
    """The same, for scripts in any site's page to read: a key must come with the call, cookies count for nothing."""
    return msgspec.structs.replace(reply, headers=reply.headers + CORS_HEADERS)


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


def describe_failure(failure: AlgorithmFailure, *, owned: bool) -> dict[str, str]:
    """The object `error` of an answer; `owned` as in reply_with_answer."""
    error = {"message": failure.message, "error_type": failure.error_type}
    if owned and failure.stacktrace:
        error |= {"stacktrace": failure.stacktrace, "stack_trace": failure.stacktrace}  # clients differ in the name
    return error


def timing_of(usage: Usage) -> dict[str, float]:
    """Where a call's time went, in seconds."""
    parts = {"queued": usage.queue_us, "loading": usage.load_us, "running": usage.run_us}
    return {name: us / 1e6 for name, us in {**parts, "total": sum(parts.values())}.items()}


def _failure(
    answer: Answer, failure: AlgorithmFailure, headers: bytes, *, raw: bool, owned: bool, more: bytes
) -> Reply:
    if raw:
        status = OTHER_STATUSES.get(answer.outcome) or RAW_STATUSES.get(failure.error_type, 500)
        return Reply(status, TEXT, failure.message.encode(), headers + _message_header(failure.message))
    error = describe_failure(failure, owned=owned)
    metadata = b'"metadata":{"duration":%.6f%b}}' % (answer.usage.run_us / 1e6, more)
    body = b"".join((b'{"error":', msgspec.json.encode(error), b",", metadata))
    return Reply(OTHER_STATUSES.get(answer.outcome, FAILED_STATUS), JSON, body, headers)


def _more_metadata(answer: Answer, options: Options) -> bytes:
    """What was asked for, from the comma on."""
    more = b"" if answer.printed is None else b',"stdout":' + msgspec.json.encode(answer.printed)
    return more + b',"timing":' + msgspec.json.encode(timing_of(answer.usage)) if options.timing else more


def _message_header(message: str) -> bytes:
    return b"x-error-message: %b\r\n" % " ".join(message.split()).encode("ascii", "replace")


def _raw_result(answer: Answer, headers: bytes) -> Reply:
    assert answer.result is not None, "an answer has a result or an error"
    if answer.content_type == "json":
        return Reply(200, JSON, bytes(answer.result), headers)
    text = msgspec.json.decode(answer.result, type=str)
    if answer.content_type == "text":
        return Reply(200, TEXT, text.encode(), headers)
    return Reply(200, BINARY, base64.b64decode(text), headers)
