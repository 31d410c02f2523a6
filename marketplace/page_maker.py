"""Makes what a visitor's request asks for, wherever it runs."""

from io import BytesIO
from typing import Any, cast

from django.core.handlers.asgi import ASGIHandler
from django.core.signals import request_started
from django.http import HttpResponse, StreamingHttpResponse

from marketplace.web.visitor_pages import Header, Page


class PageMaker(ASGIHandler):
    """Django's handler with middleware of the synchronous kind."""

    def load_middleware(self, is_async: bool = False) -> None:  # noqa: ARG002 - Django's signature
        """The synchronous kind."""
        super().load_middleware(is_async=False)

    def make_page(self, scope: Any) -> Page:
        """Answers a request without a body; blocks."""
        request_started.send(sender=type(self), scope=scope)
        request, refusal = self.create_request(scope, BytesIO())
        response = cast(HttpResponse | StreamingHttpResponse, refusal or self.get_response(request))
        try:
            body = b"".join(response)  # type: ignore[arg-type]
            return Page(response.status_code, _list_headers(response), body, "for_visitors" in vars(response))
        finally:
            response.close()


def _list_headers(response: HttpResponse | StreamingHttpResponse) -> list[Header]:
    named = [(name.lower(), value) for name, value in response.items()]
    cookies = [("set-cookie", cookie.output(header="").strip()) for cookie in response.cookies.values()]
    return [(name.encode("ascii"), value.encode("latin-1")) for name, value in [*named, *cookies]]
