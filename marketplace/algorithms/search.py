"""Search of the store: PostgreSQL full text, and trigrams for words that are misspelt or not finished yet."""

from collections.abc import Collection
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db.models import CharField, F, FloatField, Func, Q, QuerySet, Value

from marketplace.algorithms.models import Algorithm
from marketplace.algorithms.selectors import Viewer, published_algorithms

WEIGHTS = [0.05, 0.15, 0.4, 1.0]
"""README, summary, tags, name."""
TRIGRAM_WEIGHT = 0.3
SMALLEST_TRIGRAM_SHARE = 0.55
"""Of the trigrams asked for, how many a name and its tags must hold to be taken for what was meant."""
LONGEST_QUERY_CHARACTERS = 200


def search_algorithms(
    *,
    viewer: Viewer = None,
    query: str = "",
    tag: str = "",
    environment: str = "",
    environments: Collection[str] = (),
    owner: str = "",
) -> QuerySet[Algorithm]:
    """Published algorithms that fit, best first; without a query, newest change first. Slice it for a page.

    A word in the name counts most, then in the tags, the summary and the README.
    """
    algorithms = published_algorithms(viewer=viewer)
    if tag:
        algorithms = algorithms.filter(tags__contains=[tag])
    if environment:
        algorithms = algorithms.filter(environment=environment)
    if environments:
        algorithms = algorithms.filter(environment__in=environments)
    if owner:
        algorithms = algorithms.filter(organization__slug__iexact=owner)
    words = query.replace("\x00", "").strip()[:LONGEST_QUERY_CHARACTERS]
    if not words:
        return algorithms.order_by("-updated_at", "name")
    return _rank(algorithms, words)


def _rank(algorithms: QuerySet[Algorithm], words: str) -> QuerySet[Algorithm]:
    asked = SearchQuery(words.replace("_", " ").replace("/", " "), search_type="websearch", config="english")
    share = _function("algorithm_trigram_share", F("trigrams"), _trigrams_of(words), output_field=FloatField())
    owner, _, name = words.partition("/")
    named = Q(organization__slug__iexact=owner) & (Q(name__istartswith=name) if name else Q())
    scored = algorithms.annotate(share=share, text_rank=SearchRank(F("search"), asked, weights=WEIGHTS))
    fitting = scored.filter(
        Q(search=asked) | named | Q(trigrams__overlap=_trigrams_of(words), share__gte=SMALLEST_TRIGRAM_SHARE)
    )
    return fitting.order_by((F("text_rank") + Value(TRIGRAM_WEIGHT) * F("share")).desc(), "name")


def _trigrams_of(words: str) -> Func:
    return _function("algorithm_trigrams", Value(words), output_field=ArrayField(CharField()))


def _function(name: str, *arguments: Any, output_field: Any) -> Func:
    return Func(*arguments, function=name, output_field=output_field)
