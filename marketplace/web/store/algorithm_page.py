"""Everything that the page of one algorithm shows."""

import json
from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone
from django.utils.safestring import SafeString

from billing import api as billing
from billing.api import CREDIT, AlgorithmMeasures, DayOfCalls
from marketplace.accounts.models import User
from marketplace.algorithms.models import Algorithm, Version
from marketplace.algorithms.selectors import list_versions
from marketplace.invocations.selectors import get_statistics, list_days
from marketplace.organizations.models import Organization
from marketplace.organizations.selectors import AccessibleOrganization, list_accessible_organizations
from marketplace.web.figures import round_typical
from marketplace.web.store.call_examples import CallExample, is_long, make_call_examples
from marketplace.web.store.cards import Price, describe_price, name_environment
from marketplace.web.store.readme import render_readme

CHART_HEIGHT = 40
BAR_WIDTH = 8
BAR_STEP = 10
MOST_GROWTH = 12
"""How many times longer a sample may become by indenting."""


@dataclass(frozen=True)
class VersionLine:
    """A version in the list of them."""

    version: Version
    price: Price


@dataclass(frozen=True)
class Bar:
    """One day in the chart of calls, in units of its picture."""

    day: DayOfCalls
    x: int
    y: float
    height: float


@dataclass(frozen=True)
class AlgorithmPage:
    """`versions` is newest first, and empty before the first one."""

    algorithm: Algorithm
    versions: list[VersionLine]
    measures: AlgorithmMeasures
    bars: list[Bar]
    readme: SafeString
    examples: list[CallExample]
    sample: str
    sample_is_long: bool
    environment_name: str
    manageable: bool
    """Whether the viewer belongs to the owner."""
    payers: list[AccessibleOrganization]
    """Who may pay for a call from this page; empty for visitors who are not signed in."""

    @property
    def latest(self) -> VersionLine | None:
        """The newest version."""
        return self.versions[0] if self.versions else None

    @property
    def calls_in_bars(self) -> int:
        """The calls that the chart shows."""
        return sum(bar.day.calls for bar in self.bars)

    @property
    def answered_percent(self) -> str | None:
        """The share of calls that were answered, rounded down: 100 means all."""
        if not self.measures.calls:
            return None
        thousandths = (self.measures.calls - self.measures.failed) * 1000 // self.measures.calls
        return f"{thousandths / 10:.1f}".removesuffix(".0") + "%"

    @property
    def free_calls(self) -> int | None:
        """About how many calls the credits of a new account pay; None when no call was timed, or calls are free."""
        per_call = self.latest.price.per_call if self.latest else None
        return round_typical(settings.FREE_CREDITS * CREDIT // per_call) if per_call else None


def make_algorithm_page(algorithm: Algorithm, *, user: User | None) -> AlgorithmPage:
    """For an algorithm that the visitor may see; `user` is None for one who is not signed in."""
    measures = get_statistics(algorithm=algorithm)
    versions = _make_lines(list_versions(algorithm=algorithm), measures)
    scopes = list_accessible_organizations(user=user) if user else []
    sample = versions[0].version.sample_input if versions else ""
    return AlgorithmPage(
        algorithm=algorithm,
        versions=versions,
        measures=measures,
        bars=_make_bars(list_days(algorithm=algorithm)),
        readme=render_readme(algorithm.readme),
        examples=make_call_examples(address=settings.AGORA_ADDRESS, full_name=algorithm.full_name, sample=sample),
        sample=indent_json(sample) if sample else "",
        sample_is_long=is_long(sample),
        environment_name=name_environment(algorithm.environment),
        manageable=any(scope.organization.id == algorithm.organization_id for scope in scopes),
        payers=list_payers(scopes, algorithm),
    )


def list_payers(scopes: list[AccessibleOrganization], algorithm: Algorithm) -> list[AccessibleOrganization]:
    """Those of the viewer's organizations that may call the algorithm: a private one is its owner's alone."""
    return [scope for scope in scopes if algorithm.public or scope.organization.id == algorithm.organization_id]


def indent_json(text: str) -> str:
    """The same JSON, one member per line; a short one stays on its line, and deep nesting is left as it is."""
    try:
        value = json.loads(text)
        indented = json.dumps(value, ensure_ascii=False, indent=2) if isinstance(value, dict | list) and value else text
    except RecursionError:
        return text
    return indented if len(indented) <= MOST_GROWTH * len(text) else text


def get_balance(organization: Organization) -> int:
    """What the organization can spend, in micro-credits."""
    return billing.get_balance(organization.id)


def _make_lines(versions: list[Version], measures: AlgorithmMeasures) -> list[VersionLine]:
    terms = billing.get_prices([version.id for version in versions], timezone.now())
    return [VersionLine(version, describe_price(terms[version.id], measures.median_run_us)) for version in versions]


def _make_bars(days: list[DayOfCalls]) -> list[Bar]:
    most = max((day.calls for day in days), default=0)
    return [_make_bar(number, day, most) for number, day in enumerate(days)]


def _make_bar(number: int, day: DayOfCalls, most: int) -> Bar:
    height = max(2.0, round(day.calls * CHART_HEIGHT / most, 1)) if day.calls else 1.0
    return Bar(day, x=number * BAR_STEP, y=CHART_HEIGHT - height, height=height)
