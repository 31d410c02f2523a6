"""What the kernel answers to a call, and how a runner's response line becomes that."""

from typing import Literal, TypeVar

import msgspec

from execution.protocol.agent_messages import AlgorithmFailure, Exited

Outcome = Literal["ok", "algorithm_error", "timeout", "crashed", "unavailable"]
ContentType = Literal["json", "text", "binary"]
Line = TypeVar("Line")
RESPONSE_LIMIT = 15 << 20
"""Bytes of a response line, and of all chunks that one answer holds."""


class Usage(msgspec.Struct):
    """What one call used: integer microseconds and bytes."""

    queue_us: int = 0
    """Waited for a slot, loading not counted."""
    load_us: int = 0
    """Loading the version, for a call that had to wait for that."""
    run_us: int = 0
    cpu_us: int = 0
    peak_memory_bytes: int = 0
    """The most that the slot held at one time during the call."""
    cold: bool = False
    slot_id: int | None = None
    """Where it runs; None while it waits."""


class Answer(msgspec.Struct):
    """The end of a call: a result or an error, and what it used."""

    outcome: Outcome
    usage: Usage
    result: msgspec.Raw | None = None
    """JSON, as the runner wrote it; base64 text for binary."""
    content_type: ContentType | None = None
    error: AlgorithmFailure | None = None
    printed: str | None = None
    """What the algorithm printed during the call; None unless it was asked for."""


class Metadata(msgspec.Struct):
    """Of a value that the runner wrote."""

    content_type: ContentType


class _Response(msgspec.Struct):
    result: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    metadata: Metadata | msgspec.UnsetType = msgspec.UNSET
    error: AlgorithmFailure | msgspec.UnsetType = msgspec.UNSET
    id: str | None = None
    """Of the request, if the runner says it."""


_decoder = msgspec.json.Decoder(_Response)


class BrokenProtocol(Exception):
    """The runner wrote what is no response."""


class ResponseTooLarge(Exception):
    """The response is larger than so many bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the result is larger than {limit >> 20} MiB")


def read_response(line: bytes, usage: Usage, request_id: str | None = None) -> Answer:
    """The answer that a response line says. Raises BrokenProtocol, also if it says that it is for another request."""
    response = decode_line(_decoder, line)
    if response.id is not None and request_id is not None and response.id != request_id:
        raise BrokenProtocol("the response is for another request")
    if response.error is not msgspec.UNSET:
        return Answer("algorithm_error", usage, error=response.error)
    if response.result is msgspec.UNSET or response.metadata is msgspec.UNSET:
        raise BrokenProtocol("the response has neither a result nor an error")
    content_type = response.metadata.content_type
    if content_type != "json":
        check_text(response.result, content_type)
    return Answer("ok", usage, result=response.result, content_type=content_type)


def decode_line(decoder: msgspec.json.Decoder[Line], line: bytes) -> Line:
    """What a line of the runner says. Raises BrokenProtocol."""
    try:
        decoded = decoder.decode(line)
        if not line.isascii():  # what the decoder only skips, it does not look into
            str(line, "utf-8")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BrokenProtocol(f"what the runner wrote is not of the protocol: {error}") from error
    return decoded


def check_text(value: msgspec.Raw, content_type: ContentType) -> None:
    """Raises BrokenProtocol for text and binary that is no JSON string."""
    if content_type != "json" and bytes(memoryview(value)[:1]) != b'"':
        raise BrokenProtocol(f"the result is no text, as {content_type} must be")


def describe_exit(exited: Exited | None, memory_bytes: int) -> AlgorithmFailure:
    """Why a slot died in the middle of a call, for the algorithm's author."""
    log = exited.log_tail if exited and exited.log_tail else None
    if exited is None:
        return AlgorithmFailure("the algorithm's process ended before it answered", "SystemError")
    if exited.out_of_memory:
        limit = f"{memory_bytes >> 20} MiB"
        return AlgorithmFailure(f"the algorithm used more memory than its limit of {limit}", "OutOfMemoryError", log)
    if exited.signal is not None:
        message = f"the algorithm's process was ended by signal {exited.signal}"
        return AlgorithmFailure(message, "SystemError", log)
    return AlgorithmFailure(f"the algorithm's process ended with exit code {exited.exit_code}", "SystemExit", log)
