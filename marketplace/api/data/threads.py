"""The threads in which the door waits for the database and for disks, so that the loop never does."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import close_old_connections

P = ParamSpec("P")
T = TypeVar("T")

_database = ThreadPoolExecutor(4, "data-database")
_disk = ThreadPoolExecutor(16, "data-disk")


async def ask_database(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Runs short work with a connection of its thread."""

    def connected() -> T:
        close_old_connections()
        try:
            return work(*args, **kwargs)
        finally:
            close_old_connections()

    return await asyncio.get_running_loop().run_in_executor(_database, connected)


def use_disk(work: Callable[P, T], *args: P.args) -> "asyncio.Future[T]":
    """Starts work on a file."""
    return asyncio.get_running_loop().run_in_executor(_disk, work, *args)
