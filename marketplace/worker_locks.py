"""Locks that say that a worker still lives: PostgreSQL gives one up with the connection of the worker that held it."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def worker_lock(name: str) -> Iterator[bool]:
    """Holds the lock, if it gets True; False when another worker has it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [name])
        (alone,) = cursor.fetchone()
    try:
        yield alone
    finally:
        if alone:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [name])


def has_worker(name: str) -> bool:
    """Whether a worker holds the lock now."""
    with worker_lock(name) as alone:
        return not alone
