"""Algorithms as lists of the store show them; the number of queries does not grow with the list."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.utils import timezone

from billing import api as billing
from billing.api import CREDIT, AlgorithmMeasures, PriceTerms
from execution.environments import find_environment
from marketplace.algorithms.models import Algorithm, Version
from marketplace.algorithms.selectors import list_latest_versions
from marketplace.invocations.selectors import list_statistics
from marketplace.invocations.standings import price_typical_call
from marketplace.web.figures import format_credits, round_typical
from marketplace.web.store.filters import language_names

MOST_TAGS_SHOWN = 3
FAILURE_RULE = "A failed call costs only the time that it ran; one whose process died costs nothing."


@dataclass(frozen=True)
class Price:
    """What a call costs, for people: `3.12` credits by the `call`, or `Free`; `explanation` is a sentence."""

    amount: str
    unit: str
    explanation: str
    per_call: int | None
    """Micro-credits of a typical call; None when nobody knows how long one takes."""

    @property
    def text(self) -> str:
        """`3.12 / call`"""
        return f"{self.amount} / {self.unit}" if self.unit else self.amount


@dataclass(frozen=True)
class Card:
    """One algorithm in a list. `version` and `price` are None before the first version."""

    algorithm: Algorithm
    version: Version | None
    price: Price | None
    measures: AlgorithmMeasures

    @property
    def language_name(self) -> str:
        """`Python`; the environment's id when this machine does not know it."""
        found = find_environment(self.algorithm.environment)
        return language_names()[found.language] if found else self.algorithm.environment

    @property
    def tags(self) -> list[str]:
        """The first few."""
        return self.algorithm.tags[:MOST_TAGS_SHOWN]


def make_cards(algorithms: Sequence[Algorithm]) -> list[Card]:
    """One card each, in the same order."""
    versions = list_latest_versions(algorithms=algorithms)
    terms = billing.get_prices([version.id for version in versions.values()], timezone.now())
    measures = list_statistics(algorithms=algorithms)
    return [
        _make_card(algorithm, versions.get(algorithm.id), terms, measures[algorithm.id]) for algorithm in algorithms
    ]


def describe_price(terms: PriceTerms, median_run_us: int | None) -> Price:
    """A typical call's price when the time of one is known, and how it is made up."""
    parts = []
    if terms.royalty_per_call:
        parts.append(f"{_in_credits(terms.royalty_per_call)} per call for the author")
    if terms.royalty_per_second:
        parts.append(f"{_in_credits(terms.royalty_per_second)} per second for the author")
    if terms.compute_per_second:
        parts.append(f"{_in_credits(terms.compute_per_second)} per second that it runs")
    if not parts:
        return Price("Free", "", "Calls of this algorithm cost nothing.", per_call=0)
    explanation = f"{' and '.join(parts)}. {FAILURE_RULE}{_describe_free_calls(terms)}"
    per_call = price_typical_call(terms, median_run_us)
    if per_call is None:
        return Price(*_unmeasured(terms), explanation, per_call=None)
    typical = round_typical(per_call)
    return Price(format_credits(typical), "call", explanation, per_call=typical)


def name_environment(environment: str) -> str:
    """An environment's name; its id when this machine does not know it."""
    found = find_environment(environment)
    return found.display_name if found else environment


def _unmeasured(terms: PriceTerms) -> tuple[str, str]:
    """Amount and unit while no call was timed."""
    per_second = terms.compute_per_second + terms.royalty_per_second
    if not terms.royalty_per_call:
        return format_credits(per_second), "second"
    unit = "call + time" if per_second else "call"
    return format_credits(terms.royalty_per_call), unit


def _describe_free_calls(terms: PriceTerms) -> str:
    if not terms.free_calls_per_month or not (terms.royalty_per_call or terms.royalty_per_second):
        return ""
    return f" The first {terms.free_calls_per_month:,} calls of a month are free of the author's part."


def _in_credits(amount: int) -> str:
    return f"{format_credits(amount)} credit{'' if amount == CREDIT else 's'}"


def _make_card(
    algorithm: Algorithm, version: Version | None, terms: dict[UUID, PriceTerms], measures: AlgorithmMeasures
) -> Card:
    price = describe_price(terms[version.id], measures.median_run_us) if version else None
    return Card(algorithm=algorithm, version=version, price=price, measures=measures)
