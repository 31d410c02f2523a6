"""Pages of results: `limit` and an opaque `marker`, answered as `{marker, next_link, results}`."""

import base64
from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import QuerySet
from rest_framework.request import Request

from marketplace.errors import InvalidInput
from marketplace.whole_numbers import read_whole_number

DEFAULT_LIMIT = 50
LARGEST_LIMIT = 200
LARGEST_OFFSET = 1_000_000
Page = dict[str, Any]


def read_limit(request: Request) -> int:
    """Raises InvalidInput."""
    text = request.query_params.get("limit", str(DEFAULT_LIMIT))
    limit = read_whole_number(text, least=1, most=LARGEST_LIMIT)
    if limit is None:
        raise InvalidInput("limit", f"The limit must be a number from 1 to {LARGEST_LIMIT}.")
    return limit


def read_flag(request: Request, name: str, *, default: bool) -> bool:
    """`true` and `false`, in any case. Raises InvalidInput."""
    text = request.query_params.get(name, str(default)).lower()
    if text not in {"true", "false"}:
        raise InvalidInput(name, "Say true or false.")
    return text == "true"


def read_marker(request: Request) -> str:
    """What the last page's marker says; empty for the first page. Raises InvalidInput."""
    text = request.query_params.get("marker", "")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars="-_", validate=True).decode()
    except ValueError:  # not base64, or not text
        raise bad_marker() from None


def bad_marker() -> InvalidInput:
    return InvalidInput("marker", "Send the marker of the page before as it was answered.")


def write_page(request: Request, results: list[Any], following: str | None) -> Page:
    """An answer's body. `following` is what the next page's marker shall say, None on the last page."""
    if following is None:
        return {"marker": None, "next_link": None, "results": results}
    marker = base64.urlsafe_b64encode(following.encode()).decode().rstrip("=")
    query = request.query_params.copy()
    query["marker"] = marker
    link = request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
    return {"marker": marker, "next_link": link, "results": results}


def paginate(request: Request, rows: QuerySet[Any] | Sequence[Any], present: Callable[[list[Any]], list[Any]]) -> Page:
    """One page of `rows`, counted from the start; `present` turns the page's rows into results."""
    limit, offset = read_limit(request), _read_offset(request)
    found = list(rows[offset : offset + limit + 1])
    following = str(offset + limit) if len(found) > limit else None
    return write_page(request, present(found[:limit]), following)


def _read_offset(request: Request) -> int:
    text = read_marker(request) or "0"
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(LARGEST_OFFSET))):
        raise bad_marker()
    return min(int(text), LARGEST_OFFSET)
