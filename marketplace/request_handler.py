"""Django's handler of requests, for a server in which they share the process with calls."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.db import connections
from django.http.response import HttpResponseBase

from marketplace.page_maker import PageMaker
from marketplace.page_processes import PageProcesses
from marketplace.web.visitor_pages import KeptPages, Page, is_for_visitor

PAGES_AT_ONCE = 2
"""How many pages are made for visitors in this process at the same time: more only stand in each other's way, at the
interpreter's lock and at Django's own, and crawlers must leave room for those who are signed in."""
IDLE_THREADS = 8
"""How many are kept for the next requests, each with its connection to the database."""


class RequestHandler(PageMaker):
    """Answers visitors with pages that are kept, or that processes of their own make, so that calls need not wait for
    the interpreter; whoever is known or changes something is answered by a thread of this process."""

    def __init__(self) -> None:
        super().__init__()
        self._kept = KeptPages()
        self._processes = PageProcesses(settings.PAGE_PROCESSES)
        self._threads = RequestThreads()
        self._places = asyncio.Semaphore(PAGES_AT_ONCE)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answers one request."""
        if is_for_visitor(scope):
            page = self._kept.find(scope) or await self._make(scope)
            await page.answer(scope, send)
        else:
            async with self._threads.lend():
                await self.handle(scope, receive, send)

    def close(self) -> None:
        """Ends what pages are made in, after the last request."""
        self._processes.close()

    async def get_response_async(self, request: ASGIRequest) -> HttpResponseBase:
        """All of it in the request's thread.

        Middleware of both kinds, as Django mixes them, would go from loop to thread and back for each change of kind:
        that was a third of what a small page cost.
        """
        return await sync_to_async(self.get_response, thread_sensitive=True)(request)

    async def _make(self, scope: Any) -> Page:
        page = await self._processes.make(scope)
        if page is None:
            async with self._places, self._threads.lend():
                page = await sync_to_async(self.make_page, thread_sensitive=True)(scope)
        self._kept.keep(scope, page)
        return page


class RequestThreads:
    """A thread for each request in progress, used again: connections to the database last from one to the next.

    Their number has no bound: some requests wait for long, and nobody else's may wait for them.
    """

    def __init__(self) -> None:
        self._idle: list[ThreadPoolExecutor] = []

    @asynccontextmanager
    async def lend(self) -> AsyncIterator[None]:
        """What Django does within runs in one thread, which nobody else has meanwhile."""
        thread = self._idle.pop() if self._idle else ThreadPoolExecutor(1, "request")
        try:
            async with ThreadSensitiveContext(executor=thread):
                yield
        finally:
            self._take_back(thread)

    def _take_back(self, thread: ThreadPoolExecutor) -> None:
        if len(self._idle) < IDLE_THREADS:
            self._idle.append(thread)
        else:
            thread.submit(connections.close_all)
            thread.shutdown(wait=False)
