"""Django's handler of requests, for a server that gives each of them a thread of its own."""

from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.db import connections


class RequestHandler(ASGIHandler):
    """Closes a request's connections to the database in the thread that opened them.

    CONN_MAX_AGE keeps them for the thread's next request; but a thread has no next one here, and what it leaves behind
    stays open until memory is tidied up: under load, PostgreSQL soon takes no more.
    """

    async def handle(self, scope: Any, receive: Any, send: Any) -> None:
        """Answers, then closes."""
        try:
            await super().handle(scope, receive, send)
        finally:
            await sync_to_async(connections.close_all, thread_sensitive=True)()
