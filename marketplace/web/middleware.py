"""What every page has in common: what it may load, and what happens when it cannot be shown."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin

from marketplace.web.assets import FrontEndNotBuilt

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

GetResponse = Callable[[HttpRequest], HttpResponse]


class PageMiddleware(MiddlewareMixin):
    """Sets the content security policy, and says what to do when the front end was not built."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        response.headers.setdefault("Content-Security-Policy", POLICY)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, FrontEndNotBuilt):
            return HttpResponse(f"{exception}\n", status=503, content_type="text/plain; charset=utf-8")
        return None
