"""Processes in which pages are made for visitors: calls need not wait for their interpreter, nor they for one core."""

import asyncio
import logging
import time
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import active_children, get_context
from threading import Thread
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
        self._starting = False
        self._closed = False

    async def make(self, scope: Any) -> Page | None:
        """What the request asks for. None when no process is there to make it."""
        pool = self._pool
        if pool is None:
            if self._number and not self._starting:
                self._starting = True
                Thread(target=self._start, name="page processes", daemon=True).start()
            return None
        asked = {name: scope[name] for name in TAKEN if name in scope}
        try:
            return await asyncio.get_running_loop().run_in_executor(pool, page_process.make_page, asked)
        except BrokenProcessPool:
            if self._pool is pool:
                logger.exception("a process that makes pages ended: others are started")
                self._pool = None
            return None

    def close(self) -> None:
        """Ends them, after the last page: those that still load would be waited for, for seconds."""
        self._closed = True
        for process in active_children():
            process.kill()

    def _start(self) -> None:
        """In a thread of its own, which the server's end does not wait for: it takes seconds."""
        time.sleep(START_AFTER_SECONDS)
        try:
            self._pool = _start_pool(self._number)
        except (BrokenProcessPool, OSError):
            if not self._closed:
                logger.exception("processes that make pages cannot be started")
        finally:
            self._starting = False


def _start_pool(number: int) -> ProcessPoolExecutor:
    """Copies of a process that is made for it, since one with threads and connections is not to be copied."""
    context = get_context("forkserver")
    context.set_forkserver_preload([page_process.__name__, settings.ROOT_URLCONF])  # the second loads all views
    pool = ProcessPoolExecutor(number, context, initializer=page_process.begin)
    pool.submit(page_process.wait_until_begun).result()
    return pool
