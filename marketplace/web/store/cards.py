"""Algorithms as lists of the store show them; the number of queries does not grow with the list."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.utils import timezone

from billing import api as billing
from billing.api import AlgorithmMeasures, PriceTerms
from execution.environments import find_environment
from marketplace.algorithms.models import Algorithm, Version
from marketplace.algorithms.selectors import list_latest_versions
from marketplace.invocations.selectors import list_statistics
from marketplace.web.figures import format_credits

MOST_TAGS_SHOWN = 3


@dataclass(frozen=True)
class Price:
    """What a call costs, for people. `text` is short, `explanation` a sentence."""

    text: str
    explanation: str


@dataclass(frozen=True)
class Card:
    """One algorithm in a list. `version` and `price` are None before the first version."""

    algorithm: Algorithm
    version: Version | None
    price: Price | None
    measures: AlgorithmMeasures

    @property
    def environment_name(self) -> str:
        """`Python 3`"""
        return name_environment(self.algorithm.environment)

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
        parts.append(f"{format_credits(terms.royalty_per_call)} credits per call for the author")
    if terms.compute_per_second:
        parts.append(f"{format_credits(terms.compute_per_second)} credits per second that it runs")
    if not parts:
        return Price("Free", "Calls of this algorithm cost nothing.")
    return Price(_typical(terms, median_run_us), " and ".join(parts) + ". Failed calls cost nothing.")


def name_environment(environment: str) -> str:
    """An environment's name; its id when this machine does not know it."""
    found = find_environment(environment)
    return found.display_name if found else environment


def _typical(terms: PriceTerms, median_run_us: int | None) -> str:
    if median_run_us is not None:
        typical = terms.royalty_per_call + terms.compute_per_second * median_run_us // 1_000_000
        return f"{format_credits(typical)} / call"
    if terms.royalty_per_call:
        return f"{format_credits(terms.royalty_per_call)} / call + time"
    return f"{format_credits(terms.compute_per_second)} / second"


def _make_card(
    algorithm: Algorithm, version: Version | None, terms: dict[UUID, PriceTerms], measures: AlgorithmMeasures
) -> Card:
    price = describe_price(terms[version.id], measures.median_run_us) if version else None
    return Card(algorithm=algorithm, version=version, price=price, measures=measures)
