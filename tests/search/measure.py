"""Asks the store's search, and says where what was meant stands."""

import random
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from marketplace.algorithms.search import search_algorithms
from tests.search.queries import EXACT, QUERIES, Query

PAGE = 24


@dataclass(frozen=True)
class Answer:
    """What a query found; the rank is that of the first algorithm that was meant, and 0 stands for none on the page."""

    query: Query
    reciprocal_rank: float
    milliseconds: float

    @property
    def first(self) -> bool:
        """Whether what was meant stands first."""
        return self.reciprocal_rank == 1


def ask_all(tasks: Mapping[str, str]) -> list[Answer]:
    """Each of the queries once; `tasks` has what each algorithm is for, by `owner/name`."""
    return [_ask(query, tasks) for query in [*QUERIES, *_exact_queries(list(tasks))]]


def _exact_queries(full_names: list[str]) -> list[Query]:
    # Names that more than one owner gave do not say which one is meant.
    counted = Counter(name.partition("/")[2] for name in full_names)
    unique = [name for name in full_names if counted[name.partition("/")[2]] == 1]
    chosen = random.Random(1).sample(unique, len(EXACT))
    return [_make_exact(form, full_name) for form, full_name in zip(EXACT, chosen, strict=True)]


def _make_exact(form: str, full_name: str) -> Query:
    owner, _, name = full_name.partition("/")
    return Query(form.format(owner=owner, name=name), full_name=full_name)


def _ask(query: Query, tasks: Mapping[str, str]) -> Answer:
    started = time.perf_counter()
    found = [algorithm.full_name for algorithm in search_algorithms(query=query.words)[:PAGE]]
    milliseconds = (time.perf_counter() - started) * 1e3
    ranks = (rank for rank, name in enumerate(found, 1) if name == query.full_name or tasks[name] in query.names)
    return Answer(query, 1 / next(ranks, float("inf")), milliseconds)
