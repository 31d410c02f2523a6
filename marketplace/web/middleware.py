"""What every page has in common: what it may load, and what happens when it cannot be shown."""

import logging

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.deprecation import MiddlewareMixin
from django.views.defaults import page_not_found
from redis import RedisError

from marketplace.audit.origin import Origin, set_origin
from marketplace.errors import Conflict, NotFound, PermissionDenied, Unavailable
from marketplace.sign_on.policy import NotLetIn
from marketplace.web.assets import FrontEndNotBuilt
from marketplace.web.not_let_in import answer_not_let_in

logger = logging.getLogger(__name__)

POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "font-src 'self'",
        "img-src 'self' data: blob:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)
"""Nothing from other sites, and neither script nor style inside a page: text that an author wrote cannot act."""

AWAY = (RedisError, Unavailable, OperationalError, InterfaceError)
STATUSES = {NotFound: 404, PermissionDenied: 403, Conflict: 409}
"""Each has a page of its own."""


class OriginMiddleware(MiddlewareMixin):
    """Lets the audit trail know where a request comes from; what authenticates by key says more."""

    def process_request(self, request: HttpRequest) -> None:
        via = "session" if settings.SESSION_COOKIE_NAME in request.COOKIES else ""
        set_origin(Origin(request.META.get("REMOTE_ADDR") or "", via))


class PageMiddleware(MiddlewareMixin):
    """Sets the content security policy, and turns the marketplace's errors into the pages for them."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:  # noqa: ARG002 - Django's signature
        response.headers.setdefault("Content-Security-Policy", POLICY)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, FrontEndNotBuilt):
            return HttpResponse(f"{exception}\n", status=503, content_type="text/plain; charset=utf-8")
        if isinstance(exception, NotLetIn):
            return answer_not_let_in(request, exception)
        if isinstance(exception, NotFound | PermissionDenied | Conflict):
            status = next(code for kind, code in STATUSES.items() if isinstance(exception, kind))
            return render(request, f"{status}.html", {"reason": exception.message}, status=status)
        return _say_away(request, exception) if isinstance(exception, AWAY) else None


def answer_unknown(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The page for an address that nothing is at: Django's, or that a part of the platform does not answer."""
    try:
        return page_not_found(request, exception)
    except AWAY as away:  # it says who is signed in
        return _say_away(request, away)


def _say_away(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, OperationalError | InterfaceError):
        request.user = AnonymousUser()  # who it really is stands in the database that is away
    logger.error("something did not answer at %s", request.path, exc_info=exception)
    return render(request, "503.html", status=503)
