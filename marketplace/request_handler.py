"""Django's handler of requests, for a server that gives each of them a thread of its own."""

from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.db import connections
from django.http import HttpRequest
from django.http.response import HttpResponseBase


class RequestHandler(ASGIHandler):
    """Runs the whole of a request in its thread, and closes its connections to the database there.

    Middleware of both kinds, as Django mixes them, would go from loop to thread and back for each change of kind: that
    was a third of what a small page cost. CONN_MAX_AGE keeps connections for the thread's next request; but a thread
    has no next one here, and what it leaves behind stays open until memory is tidied up: under load, PostgreSQL soon
    takes no more.
    """

    def load_middleware(self, is_async: bool = False) -> None:  # noqa: ARG002 - Django's signature
        """The synchronous kind."""
        super().load_middleware(is_async=False)

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        """In the request's thread."""
        return await sync_to_async(self.get_response, thread_sensitive=True)(request)

    async def handle(self, scope: Any, receive: Any, send: Any) -> None:
        """Answers, then closes."""
        try:
            await super().handle(scope, receive, send)
        finally:
            await sync_to_async(connections.close_all, thread_sensitive=True)()
