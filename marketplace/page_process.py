"""What runs in a process that makes pages (marketplace/page_processes.py); imported once, before it is copied."""

import os
import signal
from functools import cache
from multiprocessing import parent_process
from threading import Thread
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")
django.setup(set_prefix=False)

from marketplace.page_maker import PageMaker  # noqa: E402 - needs Django to be set up
from marketplace.web.visitor_pages import Page  # noqa: E402

NICENESS = 10
"""Calls come before pages where both want a processor."""


def begin() -> None:
    """At its start. Whoever presses Ctrl-C means the server, which ends its processes itself."""
    os.nice(NICENESS)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_server, daemon=True).start()
    _get_maker()


def wait_until_begun() -> None:
    """Done when the process is ready."""


def make_page(scope: Any) -> Page:
    """What the request asks for."""
    return _get_maker().make_page(scope)


@cache
def _get_maker() -> PageMaker:
    """Not at import: the server imports this too, and has one."""
    return PageMaker()


def _end_with_server() -> None:
    """The server tells its processes to end where it still can."""
    server = parent_process()
    if server is not None:
        server.join()
        os._exit(1)
