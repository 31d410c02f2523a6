"""What the address of a call says: which algorithm, which version, with which options. Pure."""

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qsl, unquote_to_bytes

from marketplace.gateway.errors import BadRequest, UnknownAlgorithm

PREFIX = b"/v1/algo"
WORD = "[A-Za-z][A-Za-z0-9_]{0,63}"
REFERENCE = re.compile(rf"({WORD})/({WORD})(?:/([A-Za-z0-9.*]{{1,64}}))?/?")
MOST_SECONDS = 3_000

Output = Literal["default", "raw"]


@dataclass(frozen=True)
class Address:
    """`owner/name[/version]`."""

    owner: str
    name: str
    selector: str

    @property
    def field(self) -> str:
        """The algorithm's field in the directory."""
        return f"{self.owner}/{self.name}".lower()


@dataclass(frozen=True)
class Options:
    """What stands behind the question mark. Unknown ones are ignored: published clients add their own."""

    timeout: int = MOST_SECONDS
    """Seconds; the version's own limit applies too."""
    output: Output = "default"


NO_OPTIONS = Options()


def is_call(url: bytes) -> bool:
    """Whether the request is the gateway's: its path is below /v1/algo."""
    return url.startswith(PREFIX) and url[len(PREFIX) : len(PREFIX) + 1] in b"/?"


def split_url(url: bytes) -> tuple[bytes, bytes]:
    """A request's path, below PREFIX, and its query."""
    path, _, query = url[len(PREFIX) :].partition(b"?")
    return path, query


def read_address(path: bytes) -> Address:
    """The algorithm that a path below PREFIX names. Raises UnknownAlgorithm."""
    try:
        text = unquote_to_bytes(path).decode("ascii")
    except UnicodeDecodeError:
        text = ""
    found = REFERENCE.fullmatch(text.removeprefix("/"))
    if found is None:
        raise UnknownAlgorithm("There is no algorithm at this address: call /v1/algo/owner/name.")
    return Address(found[1], found[2], found[3] or "")


def read_options(query: bytes) -> Options:
    """Raises BadRequest, with the option's name and what it must be."""
    if not query:
        return NO_OPTIONS
    given = dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True))
    return Options(timeout=_read_timeout(given.get("timeout")), output=_read_output(given.get("output")))


def _read_timeout(text: str | None) -> int:
    if text is None:
        return MOST_SECONDS
    if not text.isascii() or not text.isdigit() or not 0 < int(text[:9]) <= MOST_SECONDS:
        raise BadRequest(f"timeout must be a whole number of seconds from 1 to {MOST_SECONDS}.")
    return int(text)


def _read_output(text: str | None) -> Output:
    match text:
        case None | "" | "default":
            return "default"
        case "raw":
            return "raw"
        case _:
            raise BadRequest("output must be default or raw.")
