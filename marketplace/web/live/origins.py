"""Who may open a WebSocket: scripts of our own pages. Browsers send cookies with those of other sites too."""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from channels.security.websocket import WebsocketDenier
from django.conf import settings
from django.http.request import split_domain_port, validate_host

Application = Callable[[Any, Any, Any], Awaitable[None]]


def from_our_pages(application: Application) -> Application:
    """`application`, for pages of the host that is asked, or of the platform's address; others get 403."""

    async def guarded(scope: Any, receive: Any, send: Any) -> None:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        allowed = is_ours(headers.get(b"origin", ""), host=headers.get(b"host", ""))
        await (application if allowed else WebsocketDenier.as_asgi())(scope, receive, send)

    return guarded


def is_ours(origin: str, *, host: str) -> bool:
    """Whether a page of `origin` may open a WebSocket at `host`."""
    if origin == settings.AGORA_ADDRESS:
        return True
    domain, _ = split_domain_port(host)
    return bool(domain) and validate_host(domain, settings.ALLOWED_HOSTS) and urlsplit(origin).netloc == host
