"""What a request for hosted data says: which names, which options. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes

from marketplace.datasets.addresses import PREFIXES, split_names
from marketplace.datasets.models import Read
from marketplace.errors import InvalidInput

Scope = Mapping[str, Any]
ACLS = {(): Read.PRIVATE, ("algo://.my/*",): Read.MY_ALGORITHMS, ("user://*",): Read.PUBLIC}
ACL_WORDS = {read: list(words) for words, read in ACLS.items()}


@dataclass(frozen=True)
class DataRequest:
    """A request's head. `names` has none for the root."""

    method: str
    names: tuple[str, ...]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """By lower-case name; the last one counts."""
    client: str = ""
    """The internet address that it came from, if any."""

    def asks_for(self, option: str) -> bool:
        """Clients write `true`, `True`, `TRUE` and `1`."""
        return self.query.get(option, "").lower() in {"true", "1"}

    @property
    def named(self) -> tuple[str, ...]:
        """`names`, of something. Raises InvalidInput for the root."""
        if not self.names:
            raise InvalidInput("path", "Name what you mean, as in owner/collection.")
        return self.names

    @property
    def size(self) -> int | None:
        """What the client says that it sends, in bytes; None if it does not."""
        text = self.headers.get("content-length", "")
        return int(text) if text.isascii() and text.isdigit() else None


def read_request(scope: Scope) -> DataRequest:
    """Raises InvalidInput."""
    return DataRequest(
        method=scope["method"],
        names=split_names(_read_path(scope["raw_path"])),
        query=dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
        headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
        client=(scope.get("client") or ("",))[0],
    )


def find_prefix(raw_path: bytes) -> str | None:
    """The beginning of a path that is ours; None for any other."""
    path = raw_path.decode("latin-1")
    return next((prefix for prefix in PREFIXES if path == prefix or path.startswith(prefix + "/")), None)


def read_acl(body: Mapping[str, Any]) -> Read | None:
    """The body's `acl`; None if it has none. Raises InvalidInput."""
    acl = body.get("acl")
    if acl is None:
        return None
    words = acl.get("read") if isinstance(acl, dict) else None
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words) or tuple(words) not in ACLS:
        known = ", ".join(json.dumps(list(words)) for words in ACLS)
        raise InvalidInput("acl", f'It must be {{"read": ...}} with one of {known}.')
    return ACLS[tuple(words)]


def read_object(body: bytes) -> dict[str, Any]:
    """Raises InvalidInput."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise InvalidInput("body", "Send JSON.") from None
    if not isinstance(value, dict):
        raise InvalidInput("body", "Send an object in JSON.")
    return value


def _read_path(raw_path: bytes) -> str:
    """Some clients send all that follows the prefix as one form-encoded word, in which a plus is a space."""
    prefix = find_prefix(raw_path)
    assert prefix is not None, "the door is asked for its own paths only"
    encoded = raw_path[len(prefix) :]
    if b"%2f" in encoded.lower():
        encoded = encoded.replace(b"+", b"%20")
    try:
        return unquote_to_bytes(encoded).decode()
    except UnicodeDecodeError:
        raise InvalidInput("path", "A path is UTF-8, percent-encoded.") from None
