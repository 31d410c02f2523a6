"""Search of the store: PostgreSQL full text, and trigrams for words that are misspelt or not finished yet."""

import re
from collections.abc import Collection
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db.models import Case, CharField, Exists, Expression, F, FloatField, Func, QuerySet, Value, When
from django.db.models.functions import Coalesce, Ln

from marketplace.algorithms.models import Algorithm
from marketplace.algorithms.selectors import Viewer, published_algorithms
from marketplace.algorithms.synonyms import make_any_query, make_text_queries
from marketplace.organizations.models import Organization

WEIGHTS = [0.05, 0.15, 0.4, 1.0]
"""README, summary, tags, name."""
TRIGRAM_WEIGHT = 0.3
POPULARITY_WEIGHT = 0.015
SMALLEST_TRIGRAM_SHARE = 0.55
"""Of the trigrams asked for, how many a name and its tags must hold to be taken for what was meant. The function
algorithm_telling_trigrams (migration 0004) knows this number too."""
ENOUGH = 20
"""With more algorithms than these that have the very words, no similar words are looked for."""
PRECISE = re.compile(r'"|(?:^|\s)-\w')
"""Quoted words and excluded ones: who writes them wants nothing similar."""
LONGEST_QUERY_CHARACTERS = 200
TRIGRAMS = ArrayField(CharField())


def search_algorithms(
    *,
    viewer: Viewer = None,
    query: str = "",
    tag: str = "",
    any_tag: Collection[str] = (),
    environment: str = "",
    environments: Collection[str] | None = None,
    owner: str = "",
    highest_price: int | None = None,
    input_kind: str = "",
    only: Collection[Any] | None = None,
) -> QuerySet[Algorithm]:
    """Published algorithms that fit, best first; without a query, newest change first. Slice it for a page.

    A word in the name counts most, then in the tags, the summary and the README. When few algorithms have the words,
    those that have most of them or similar ones follow. `highest_price` is that of a typical call, in micro-credits;
    `only` names those to look among, by their ids.
    """
    algorithms = published_algorithms(viewer=viewer)
    if tag:
        algorithms = algorithms.filter(tags__contains=[tag])
    if environment:
        algorithms = algorithms.filter(environment=environment)
    if environments is not None:
        algorithms = algorithms.filter(environment__in=environments)
    if owner:
        algorithms = algorithms.filter(organization__slug__iexact=owner)
    if any_tag:
        algorithms = algorithms.filter(tags__overlap=list(any_tag))
    if highest_price is not None:
        algorithms = algorithms.filter(standing__price__lte=highest_price)
    if input_kind:
        algorithms = algorithms.filter(standing__input_kind=input_kind)
    if only is not None:
        algorithms = algorithms.filter(pk__in=only)
    words = query.replace("\x00", "").strip()[:LONGEST_QUERY_CHARACTERS]
    if not words:
        return algorithms.order_by("-updated_at", "name")
    return _rank(algorithms, words)


def _rank(algorithms: QuerySet[Algorithm], words: str) -> QuerySet[Algorithm]:
    asked = _Asked(words)
    owner, _, name = words.partition("/")
    score = Case(
        When(organization__slug__iexact=owner, name__iexact=name, then=Value(3.0)),
        When(name__iexact=words.replace(" ", "_"), then=Value(2.0)),
        When(search=asked.all, then=Value(1.0) + SearchRank(F("search"), asked.any, weights=WEIGHTS)),
        When(search=asked.most, then=Value(TRIGRAM_WEIGHT) + SearchRank(F("search"), asked.any, weights=WEIGHTS)),
        default=Value(TRIGRAM_WEIGHT) * _share_of(words),
        output_field=FloatField(),
    )
    found = algorithms.filter(pk__in=_candidates(algorithms, words, asked))
    return found.order_by((score + _popularity()).desc(), "name")


class _Asked:
    """Words as queries of PostgreSQL: `all` of them, `most` of them, `any` of them. Quoted and excluded words are taken
    as they stand, and then the three are the same.
    """

    def __init__(self, words: str) -> None:
        if PRECISE.search(words):
            text = words.replace("_", " ").replace("/", " ")
            self.all = self.most = self.any = SearchQuery(text, search_type="websearch", config="english")
            return
        texts = (*make_text_queries(words), make_any_query(words))
        self.all, self.most, self.any = (SearchQuery(text, search_type="raw", config="english") for text in texts)


def _candidates(visible: QuerySet[Algorithm], words: str, asked: _Asked) -> QuerySet[Algorithm]:
    """Ids of what has the words, what the owner of that name has, and what has most or similar ones if those are few.

    A union, since no index answers an OR across two tables.
    """
    rows = Algorithm.objects.order_by().values("pk")
    owner, _, name = words.partition("/")
    by_owner = rows.filter(organization__in=Organization.objects.filter(slug__iexact=owner), name__istartswith=name)
    found = rows.filter(search=asked.all).union(by_owner)
    if PRECISE.search(words):
        return found
    enough = Exists(visible.filter(search=asked.all)[ENOUGH : ENOUGH + 1])
    telling = _function("algorithm_telling_trigrams", _trigrams_of(words), output_field=TRIGRAMS)
    overlapping = rows.filter(~enough, trigrams__overlap=telling)
    similar = overlapping.alias(share=_share_of(words)).filter(share__gte=SMALLEST_TRIGRAM_SHARE)
    return found.union(rows.filter(~enough, search=asked.most), similar)


def _popularity() -> Expression:
    """What people chose counts a little: a thousand calls or a hundred stars are worth about a word in the summary."""
    calls, stars = (Coalesce(F(f"standing__{name}"), 0) for name in ("calls", "stars"))
    return Value(POPULARITY_WEIGHT) * (Ln(calls + 1.0) + Ln(stars + 1.0))


def _share_of(words: str) -> Func:
    return _function("algorithm_trigram_share", F("trigrams"), _trigrams_of(words), output_field=FloatField())


def _trigrams_of(words: str) -> Func:
    return _function("algorithm_trigrams", Value(words), output_field=TRIGRAMS)


def _function(name: str, *arguments: Any, output_field: Any) -> Func:
    return Func(*arguments, function=name, output_field=output_field)
