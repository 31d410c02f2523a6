"""What may be asked of an algorithm, now (marketplace/gateway) or later (marketplace/api/call_orders.py). Pure."""

from typing import Literal

import msgspec

from marketplace.whole_numbers import read_whole_number

InputKind = Literal["json", "text", "binary"]
KINDS: dict[str, InputKind] = {
    "application/json": "json",
    "text/plain": "text",
    "application/text": "text",
    "application/octet-stream": "binary",
}
CONTENT_RULE = "The content type must be application/json, text/plain or application/octet-stream."
INPUT_LIMIT = 10 << 20
"""Bytes."""
MOST_SECONDS = 3_000
TIMEOUT_RULE = f"timeout must be a whole number of seconds from 1 to {MOST_SECONDS}."

_any_json = msgspec.json.Decoder(msgspec.Raw)


def find_kind(content_type: str) -> InputKind | None:
    """What a Content-Type header names."""
    return KINDS.get(content_type) or KINDS.get(content_type.partition(";")[0].strip().lower())


def read_timeout(text: str) -> int | None:
    """Seconds, or None if the text breaks TIMEOUT_RULE."""
    return read_whole_number(text, least=1, most=MOST_SECONDS)


def find_fault(kind: InputKind, body: bytes) -> str | None:
    """Why the body is not what its content type says; None if it is."""
    if kind == "json":
        return _find_json_fault(body)
    if kind == "text":
        try:
            body.decode()
        except UnicodeDecodeError:
            return "The body is not text: it is not UTF-8."
    return None


def _find_json_fault(body: bytes) -> str | None:
    try:
        if not body.isascii():
            body.decode()
        _any_json.decode(body)
    except UnicodeDecodeError:
        return "The body is not JSON: it is not UTF-8."
    except msgspec.DecodeError as error:
        return f"The body is not JSON: {str(error).removeprefix('JSON is malformed: ')}."
    except RecursionError:
        return "The body is not JSON that can be read: it is nested too deeply."
    return None
