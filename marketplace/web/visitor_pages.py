"""Pages for visitors who are not signed in: the same for all of them, so made once in some seconds.

A view says that it may be kept (`for_visitors`); the request handler keeps it, and answers it before Django is asked.
"""

import gzip
import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, cast

from django.conf import settings
from django.core.cache.backends.locmem import LocMemCache
from django.http import HttpRequest, HttpResponse, parse_cookie
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags

View = Callable[..., HttpResponse]
Header = tuple[bytes, bytes]

NOBODYS = {"csrftoken"}
"""Cookies that make no difference to what a page says."""
VARIES = ["Cookie", "Accept-Encoding", "HX-Request", "HX-Trigger-Name"]
KEPT_PAGES = 1_000
"""At most, of some 10 KiB each."""
RENEWAL_SECONDS = 5
"""How long others are still given a page whose time is over, while the first who asks has it made again."""
WITH_NOT_MODIFIED = {b"cache-control", b"etag", b"vary"}
"""What RFC 9110 (15.4.5) wants of a 304, of what these pages have."""


def for_visitors(view: View) -> View:
    """What the view answers to those without a session may be kept, packed; others get theirs made.

    To visitors it must depend on nothing but the address and on whether htmx asks.
    """

    @wraps(view)
    def answer(request: HttpRequest, **parts: Any) -> HttpResponse:
        response = view(request, **parts)
        if settings.PAGE_CACHE_SECONDS and not request.COOKIES.keys() - NOBODYS:
            _finish(response, packed="gzip" in request.headers.get("Accept-Encoding", ""))
        return response

    return answer


def _finish(response: HttpResponse, *, packed: bool) -> None:
    """No page for visitors holds a secret, so packing it gives none away."""
    patch_vary_headers(response, VARIES)
    response.headers["ETag"] = f'"{hashlib.sha256(response.content).hexdigest()[:24]}{"z" if packed else ""}"'
    response.headers["Cache-Control"] = "no-cache"  # kept by the browser, and asked for again: one may have signed in
    if packed:
        response.content = gzip.compress(response.content, 6, mtime=0)
        response.headers["Content-Encoding"] = "gzip"
        response.headers["Content-Length"] = str(len(response.content))
    vars(response)["for_visitors"] = True


def is_for_visitor(scope: Any) -> bool:
    """Whether the request only reads, for nobody in particular, what is no file."""
    headers: dict[bytes, bytes] = dict(scope["headers"])
    if scope["method"] not in {"GET", "HEAD"} or b"authorization" in headers:
        return False
    cookies = parse_cookie(headers.get(b"cookie", b"").decode("latin-1"))
    return not cookies.keys() - NOBODYS and not scope["path"].startswith(settings.STATIC_URL)


@dataclass
class Page:
    """An answer as it goes out."""

    status: int
    headers: list[Header]
    body: bytes
    kept: bool
    """Whether it may be: its view is `for_visitors`."""
    until: float = 0
    """So long it is good, by the clock that never goes back."""

    async def answer(self, scope: Any, send: Any) -> None:
        """Sends it, or that what the client has is still right."""
        tag = dict(self.headers).get(b"etag", b"").decode("latin-1")
        asked = dict(scope["headers"]).get(b"if-none-match", b"").decode("latin-1")
        if tag and asked and tag in parse_etags(asked):
            headers = [(name, value) for name, value in self.headers if name in WITH_NOT_MODIFIED]
            await _send(send, 304, headers, b"")
        else:
            await _send(send, self.status, self.headers, self.body)


class KeptPages:
    """Those that are kept in this process, for PAGE_CACHE_SECONDS."""

    def __init__(self) -> None:
        self._pages = LocMemCache("pages", {"OPTIONS": {"MAX_ENTRIES": KEPT_PAGES}})

    def find(self, scope: Any) -> Page | None:
        """What this visitor's request asks for. None when it is not kept, or this request is to have it made again."""
        name = _name(scope)
        page = cast(Page | None, self._pages.get(name))
        if page is not None and page.until < time.monotonic():
            self._set(name, page, RENEWAL_SECONDS)
            return None
        return page

    def keep(self, scope: Any, page: Page) -> None:
        """For the next visitors who ask for the same, if it may be kept."""
        if page.kept and page.status == 200 and b"set-cookie" not in dict(page.headers):
            self._set(_name(scope), page, settings.PAGE_CACHE_SECONDS)

    def _set(self, name: str, page: Page, seconds: float) -> None:
        page.until = time.monotonic() + seconds
        self._pages.set(name, page, seconds + RENEWAL_SECONDS)


def _name(scope: Any) -> str:
    """Of all that a page for visitors depends on."""
    headers: dict[bytes, bytes] = dict(scope["headers"])
    packed = b"gzip" in headers.get(b"accept-encoding", b"")
    htmx = (headers.get(b"hx-request"), headers.get(b"hx-trigger-name") == b"q")
    address = (scope["scheme"], headers.get(b"host"), scope["path"], scope["query_string"])
    return hashlib.sha256(repr((scope["method"], packed, htmx, address)).encode()).hexdigest()


async def _send(send: Any, status: int, headers: list[Header], body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
