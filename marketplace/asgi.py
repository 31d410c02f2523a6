"""What answers requests that are no calls (marketplace/gateway): the door for hosted data, what pages follow by
WebSocket, and Django for the rest."""

import os
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")
django.setup(set_prefix=False)

from marketplace.api.data.application import answer_data  # noqa: E402 - needs Django to be set up
from marketplace.api.data.requests import find_prefix  # noqa: E402
from marketplace.api.git.application import answer_git  # noqa: E402
from marketplace.api.git.requests import PREFIX  # noqa: E402
from marketplace.request_handler import RequestHandler  # noqa: E402
from marketplace.web.live.routing import live  # noqa: E402

_django = RequestHandler()
close = _django.close


async def application(scope: Any, receive: Any, send: Any) -> None:
    """The ASGI application."""
    if scope["type"] == "http" and find_prefix(scope["raw_path"]) is not None:
        await answer_data(scope, receive, send)
    elif scope["type"] == "http" and scope["path"].startswith(PREFIX):
        await answer_git(scope, receive, send)
    elif scope["type"] == "websocket":
        await live(scope, receive, send)
    else:
        await _django(scope, receive, send)
