"""Processes in which pages are made for visitors: calls need not wait for their interpreter, nor they for one core."""

import asyncio
import logging
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Any

from django.conf import settings

from marketplace import page_process
from marketplace.web.visitor_pages import Page

TAKEN = ("type", "http_version", "method", "scheme", "path", "raw_path", "query_string", "root_path", "headers",
         "client", "server")  # fmt: skip
"""What goes to a process of a request."""

START_AFTER_SECONDS = 2.0
"""To load all views takes a processor for seconds; a server that starts has a first page and call to answer before."""

logger = logging.getLogger(__name__)


class PageProcesses:
    """`number` of them, which start a little after the first page is asked for."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._pool: ProcessPoolExecutor | None = None
        """There when one of them is ready."""
        self._starting: asyncio.Task[None] | None = None

    async def make(self, scope: Any) -> Page | None:
        """What the request asks for. None when no process is there to make it."""
        pool = self._pool
        if pool is None:
            if self._number and self._starting is None:
                self._starting = asyncio.create_task(self._start())
            return None
        asked = {name: scope[name] for name in TAKEN if name in scope}
        try:
            return await asyncio.get_running_loop().run_in_executor(pool, page_process.make_page, asked)
        except BrokenProcessPool:
            if self._pool is pool:
                logger.exception("a process that makes pages ended: others are started")
                self._pool = None
            return None

    async def _start(self) -> None:
        """In a thread, since it takes seconds until there is something to copy."""
        try:
            await asyncio.sleep(START_AFTER_SECONDS)
            self._pool = await asyncio.to_thread(_start_pool, self._number)
        except (BrokenProcessPool, OSError):
            logger.exception("processes that make pages cannot be started")
        finally:
            self._starting = None


def _start_pool(number: int) -> ProcessPoolExecutor:
    """Copies of a process that is made for it, since one with threads and connections is not to be copied."""
    context = get_context("forkserver")
    context.set_forkserver_preload([page_process.__name__, settings.ROOT_URLCONF])  # the second loads all views
    pool = ProcessPoolExecutor(number, context, initializer=page_process.begin)
    pool.submit(page_process.wait_until_begun).result()
    return pool
