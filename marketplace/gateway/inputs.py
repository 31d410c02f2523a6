"""A request's body as the line that a runner reads. Pure."""

import base64
from typing import Literal

import msgspec

from marketplace.gateway.errors import BadRequest, UnsupportedContent

InputKind = Literal["json", "text", "binary"]
KINDS: dict[bytes, InputKind] = {
    b"application/json": "json",
    b"text/plain": "text",
    b"application/text": "text",
    b"application/octet-stream": "binary",
}

_any_json = msgspec.json.Decoder(msgspec.Raw)


def kind_of(content_type: bytes) -> InputKind:
    """What a Content-Type header names. Raises UnsupportedContent."""
    kind = KINDS.get(content_type) or KINDS.get(content_type.partition(b";")[0].strip().lower())
    if kind is None:
        raise UnsupportedContent("The content type must be application/json, text/plain or application/octet-stream.")
    return kind


def write_request(kind: InputKind, body: bytes, *, call_id: str, token: str | None) -> bytes:
    """One request line of the runner protocol. Raises BadRequest."""
    if kind == "json":
        data = _check_json(body)
    elif kind == "text":
        data = _quote(body)
    else:
        data = b'"' + base64.b64encode(body) + b'"'
    rest = f',"token":"{token}"}}\n' if token else "}\n"
    return b'{"id":"%b","content_type":"%b","data":%b%b' % (call_id.encode(), kind.encode(), data, rest.encode())


def _check_json(body: bytes) -> bytes:
    """The same JSON, as it was written, on one line."""
    try:
        if not body.isascii():
            body.decode()
        _any_json.decode(body)
    except UnicodeDecodeError:
        raise BadRequest("The body is not JSON: it is not UTF-8.") from None
    except msgspec.DecodeError as error:
        raise BadRequest(f"The body is not JSON: {str(error).removeprefix('JSON is malformed: ')}.") from None
    except RecursionError:
        raise BadRequest("The body is not JSON that can be read: it is nested too deeply.") from None
    # Inside JSON's strings a line break is always escaped: what is replaced here stands between values.
    return body.replace(b"\n", b" ").replace(b"\r", b" ") if b"\n" in body or b"\r" in body else body


def _quote(body: bytes) -> bytes:
    try:
        return msgspec.json.encode(body.decode())
    except UnicodeDecodeError:
        raise BadRequest("The body is not text: it is not UTF-8.") from None
