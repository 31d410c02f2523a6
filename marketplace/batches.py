"""Much, some at a time."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def in_batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of `size` items, in their order; the last one may have fewer."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
