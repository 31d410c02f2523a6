"""Pages of the store for visitors who are not signed in: the same for all of them, so made once in some seconds."""

import gzip
import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response, patch_vary_headers

View = Callable[..., HttpResponse]
NOBODYS = {"csrftoken"}
"""Cookies that make no difference to what a page says."""
VARIES = ["Cookie", "Accept-Encoding", "HX-Request", "HX-Trigger-Name"]


def kept_for_visitors(view: View) -> View:
    """Keeps whole answers, packed, for those without a session; others get theirs made.

    What the view answers to visitors must depend on nothing but the address and on whether htmx asks.
    """

    @wraps(view)
    def answer(request: HttpRequest, **parts: Any) -> HttpResponse:
        if not settings.PAGE_CACHE_SECONDS or request.COOKIES.keys() - NOBODYS:
            return view(request, **parts)
        packed = "gzip" in request.headers.get("Accept-Encoding", "")
        key = _name(request, packed=packed)
        kept: HttpResponse | None = caches["pages"].get(key)
        if kept is None:
            kept = _finish(view(request, **parts), packed=packed)
            if kept.status_code == 200:
                caches["pages"].set(key, kept, settings.PAGE_CACHE_SECONDS)
        return get_conditional_response(request, etag=kept.headers["ETag"], response=kept)

    return answer


def _name(request: HttpRequest, *, packed: bool) -> str:
    htmx = f"{request.headers.get('HX-Request')} {request.headers.get('HX-Trigger-Name') == 'q'}"
    asked = f"{request.method} {packed} {htmx} {request.get_full_path()}"
    return hashlib.sha256(asked.encode()).hexdigest()


def _finish(response: HttpResponse, *, packed: bool) -> HttpResponse:
    """No page for visitors holds a secret, so packing it gives none away."""
    patch_vary_headers(response, VARIES)
    response.headers["ETag"] = f'"{hashlib.sha256(response.content).hexdigest()[:24]}{"z" if packed else ""}"'
    response.headers["Cache-Control"] = "no-cache"  # kept by the browser, and asked for again: one may have signed in
    if packed:
        response.content = gzip.compress(response.content, 6, mtime=0)
        response.headers["Content-Encoding"] = "gzip"
        response.headers["Content-Length"] = str(len(response.content))
    return response
