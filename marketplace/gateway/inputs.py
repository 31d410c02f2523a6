"""A request's body as the line that a runner reads. Pure."""

import base64

import msgspec

from marketplace.gateway.errors import BadRequest, UnsupportedContent
from marketplace.invocations.requests import CONTENT_RULE, KINDS, InputKind, find_fault, find_kind

_known = {name.encode(): kind for name, kind in KINDS.items()}


def kind_of(content_type: bytes) -> InputKind:
    """What a Content-Type header names. Raises UnsupportedContent."""
    kind = _known.get(content_type) or find_kind(content_type.decode("latin-1"))
    if kind is None:
        raise UnsupportedContent(CONTENT_RULE)
    return kind


def write_request(kind: InputKind, body: bytes, *, call_id: str, token: str | None) -> bytes:
    """One request line of the runner protocol. Raises BadRequest."""
    if (fault := find_fault(kind, body)) is not None:
        raise BadRequest(fault)
    if kind == "json":
        data = _on_one_line(body)
    elif kind == "text":
        data = msgspec.json.encode(body.decode())
    else:
        data = b'"' + base64.b64encode(body) + b'"'
    rest = f',"token":"{token}"}}\n' if token else "}\n"
    return b'{"id":"%b","content_type":"%b","data":%b%b' % (call_id.encode(), kind.encode(), data, rest.encode())


def _on_one_line(body: bytes) -> bytes:
    """The same JSON, as it was written. Inside its strings a line break is always escaped: what is replaced here
    stands between values."""
    return body.replace(b"\n", b" ").replace(b"\r", b" ") if b"\n" in body or b"\r" in body else body
