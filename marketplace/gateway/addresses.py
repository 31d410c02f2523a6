"""What the address of a call says: which algorithm, which version, with which options. Pure."""

import re
from functools import lru_cache
from typing import Literal
from urllib.parse import parse_qsl, unquote_to_bytes

import msgspec

from marketplace.gateway.errors import BadRequest, UnknownAlgorithm
from marketplace.invocations.requests import MOST_SECONDS, TIMEOUT_RULE, read_timeout
from marketplace.whole_numbers import read_whole_number

PREFIX, WEB_PREFIX = b"/v1/algo", b"/v1/web/algo"
"""The second is the first for scripts in other sites' pages: its answers let their browsers have them."""
WORD = "[A-Za-z][A-Za-z0-9_]{0,63}"
ID = "[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
REFERENCE = re.compile(rf"(?:({WORD})/({WORD})|({ID}))(?:/([A-Za-z0-9.*]{{1,64}}))?/?")
BATCH = re.compile(rf"/(?:{WORD}/{WORD}|{ID})(?:/[A-Za-z0-9.*]{{1,64}})?/batch/?".encode())
INSIDE = re.compile(rb"/v1/(?:web/)?algo/|/v1/(?:calls|batches|data|connector|insights)(?:[/?]|$)")

BOOLEANS = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}
CREDITS = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,6}))?")
MOST_CALLS = 999_999_999
Output = Literal["default", "raw"]


class Address(msgspec.Struct, frozen=True):
    """`owner/name[/version]`, or an algorithm's id in `name` and no owner."""

    owner: str
    name: str
    selector: str

    @property
    def field(self) -> str:
        """The algorithm's field in the directory; its id when it is named by that."""
        return f"{self.owner}/{self.name}".lower() if self.owner else self.name.lower()

    def __str__(self) -> str:
        return "/".join(part for part in (self.owner, self.name, self.selector) if part)


class Options(msgspec.Struct, frozen=True):
    """What stands behind the question mark. Unknown ones are ignored: published clients add their own."""

    timeout: int = MOST_SECONDS
    """Seconds; the version's own limit applies too."""
    output: Output = "default"
    stdout: bool = False
    """Whether the answer shall have what the algorithm printed, for those who may see that."""
    timing: bool = False
    max_depth: int | None = None
    """How many calls may stand below one another, below this one. So bounds of its tree are set; see callers.py."""
    max_calls: int | None = None
    max_cost: int | None = None
    """Micro-credits."""


NO_OPTIONS = Options()


def is_call(url: bytes) -> bool:
    """Whether the gateway answers the request: a call by its path, and none that may wait (`output=void`, a batch)."""
    if not url.startswith(PREFIX):
        if not url.startswith(WEB_PREFIX):
            return False
        url = url[len(WEB_PREFIX) - len(PREFIX) :]
    rest = url[len(PREFIX) :]
    return rest[:1] in b"/?" and not ((b"?" in rest or b"/batch" in rest) and _may_wait(rest))


def is_web(url: bytes) -> bool:
    """Whether the answer is for a script in another site's page."""
    return url.startswith(WEB_PREFIX)


def is_for_slots(url: bytes) -> bool:
    """Whether algorithms may ask for it from inside their slots, besides making calls."""
    return INSIDE.match(url) is not None


def split_url(url: bytes) -> tuple[bytes, bytes]:
    """A call's path, below its prefix, and its query."""
    prefix = WEB_PREFIX if url.startswith(WEB_PREFIX) else PREFIX
    path, _, query = url[len(prefix) :].partition(b"?")
    return path, query


@lru_cache(maxsize=10_000)
def read_address(path: bytes) -> Address:
    """The algorithm that a path below the prefix names. Raises UnknownAlgorithm."""
    try:
        text = unquote_to_bytes(path).decode("ascii")
    except UnicodeDecodeError:
        text = ""
    found = REFERENCE.fullmatch(text.removeprefix("/"))
    if found is None:
        raise UnknownAlgorithm("There is no algorithm at this address: call /v1/algo/owner/name.")
    return Address(found[1] or "", found[2] or found[3], found[4] or "")


def read_options(query: bytes) -> Options:
    """Raises BadRequest, with the option's name and what it must be."""
    if not query:
        return NO_OPTIONS
    given = _given(query)
    return Options(
        timeout=_read_timeout(given.get("timeout")),
        output=_read_output(given.get("output", "")),
        stdout=_read_boolean("stdout", given.get("stdout", "")),
        timing=_read_boolean("timing", given.get("timing", "")),
        max_depth=_read_count("max_depth", given.get("max_depth")),
        max_calls=_read_count("max_calls", given.get("max_calls")),
        max_cost=_read_credits("max_cost", given.get("max_cost")),
    )


def _may_wait(rest: bytes) -> bool:
    path, _, query = rest.partition(b"?")
    if BATCH.fullmatch(path):
        return True
    return b"?" in rest and _given(query).get("output", "").lower() == "void"


def _given(query: bytes) -> dict[str, str]:
    return dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True))


def _read_timeout(text: str | None) -> int:
    seconds = MOST_SECONDS if text is None else read_timeout(text)
    if seconds is None:
        raise BadRequest(TIMEOUT_RULE)
    return seconds


def _read_output(text: str) -> Output:
    match text.lower():
        case "" | "default":
            return "default"
        case "raw":
            return "raw"
        case _:
            raise BadRequest("output must be default, raw or void.")


def _read_count(name: str, text: str | None) -> int | None:
    if text is None:
        return None
    number = read_whole_number(text, least=0, most=MOST_CALLS)
    if number is None:
        raise BadRequest(f"{name} must be a whole number of calls.")
    return number


def _read_credits(name: str, text: str | None) -> int | None:
    """Credits, with up to six decimals, as micro-credits."""
    if text is None:
        return None
    found = CREDITS.fullmatch(text)
    if found is None:
        raise BadRequest(f"{name} must be a number of credits, such as 2.5.")
    return int(found[1]) * 1_000_000 + int((found[2] or "").ljust(6, "0"))


def _read_boolean(name: str, text: str) -> bool:
    value = BOOLEANS.get(text.lower()) if text else False
    if value is None:
        raise BadRequest(f"{name} must be true or false.")
    return value
