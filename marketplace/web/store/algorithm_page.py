"""Everything that the page of one algorithm shows."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from django.utils.safestring import SafeString

from billing import api as billing
from billing.api import CREDIT, AlgorithmMeasures, PriceTerms
from marketplace.accounts.models import User
from marketplace.algorithms.models import Algorithm, Version
from marketplace.algorithms.selectors import list_versions
from marketplace.invocations.selectors import get_statistics
from marketplace.organizations.models import Organization
from marketplace.organizations.permissions import can_call
from marketplace.organizations.selectors import AccessibleOrganization, list_accessible_organizations
from marketplace.web.console.charts import Chart
from marketplace.web.figures import round_typical
from marketplace.web.store.activity import (
    Estimate,
    LatencyChart,
    list_users,
    make_calls_chart,
    make_estimate,
    make_latency_chart,
)
from marketplace.web.store.call_examples import CallExample, is_long, make_call_examples
from marketplace.web.store.cards import Price, describe_price, name_environment
from marketplace.web.store.opinions import Opinions, make_opinions
from marketplace.web.store.readme import render_readme
from marketplace.web.store.schema_tables import FormField, SchemaTable, make_form, make_table

MOST_GROWTH = 12
"""How many times longer a sample may become by indenting."""


@dataclass(frozen=True)
class VersionLine:
    """A version in the list of them."""

    version: Version
    price: Price


@dataclass(frozen=True)
class SampleInput:
    """An input that the console can be filled with; `kind` is `json` or `text`."""

    name: str
    kind: str
    text: str


@dataclass(frozen=True)
class AlgorithmPage:
    """`versions` is newest first, and empty before the first one."""

    algorithm: Algorithm
    versions: list[VersionLine]
    measures: AlgorithmMeasures
    chart: Chart
    latency: LatencyChart | None
    readme: SafeString
    examples: list[CallExample]
    sample: str
    sample_is_long: bool
    samples: list[SampleInput]
    form: list[FormField]
    """Of the declared input, where it is a flat object."""
    input_schema: SchemaTable | None
    output_schema: SchemaTable | None
    users: list[str]
    """Public algorithms that call this one."""
    estimate: Estimate | None
    opinions: Opinions
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


def make_algorithm_page(algorithm: Algorithm, *, user: User | None, asked: Mapping[str, str]) -> AlgorithmPage:
    """For an algorithm that the visitor may see; `user` is None for one who is not signed in.

    `asked` are the parameters of the address: `reviews` is a page of them, `calls` and `ms` are for the estimate.
    """
    measures = get_statistics(algorithm=algorithm)
    versions, terms = _make_lines(list_versions(algorithm=algorithm), measures)
    scopes = list_accessible_organizations(user=user) if user else []
    owner = next((scope for scope in scopes if scope.organization.id == algorithm.organization_id), None)
    latest = versions[0].version if versions else None
    sample = latest.sample_input if latest else ""
    return AlgorithmPage(
        algorithm=algorithm,
        versions=versions,
        measures=measures,
        chart=make_calls_chart(algorithm),
        latency=make_latency_chart(algorithm),
        readme=render_readme(algorithm.readme),
        examples=make_call_examples(address=settings.AGORA_ADDRESS, full_name=algorithm.full_name, sample=sample),
        sample=indent_json(sample) if sample else "",
        sample_is_long=is_long(sample),
        samples=_make_samples(latest),
        form=make_form(latest.input_schema) if latest else [],
        input_schema=make_table(latest.input_schema) if latest else None,
        output_schema=make_table(latest.output_schema) if latest else None,
        users=list_users(algorithm),
        estimate=make_estimate(asked, terms[latest.id], measures.median_run_us) if latest else None,
        opinions=make_opinions(algorithm, user=user, owner=owner, number=asked.get("reviews", "")),
        environment_name=name_environment(algorithm.environment),
        manageable=owner is not None,
        payers=list_payers(scopes, algorithm),
    )


def list_payers(scopes: list[AccessibleOrganization], algorithm: Algorithm) -> list[AccessibleOrganization]:
    """Those of the viewer's organizations that may call the algorithm: a private one is its owner's alone."""
    callers = filter(can_call, scopes)
    return [scope for scope in callers if algorithm.public or scope.organization.id == algorithm.organization_id]


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


def _make_lines(
    versions: list[Version], measures: AlgorithmMeasures
) -> tuple[list[VersionLine], dict[UUID, PriceTerms]]:
    terms = billing.get_prices([version.id for version in versions], timezone.now())
    lines = [VersionLine(version, describe_price(terms[version.id], measures.median_run_us)) for version in versions]
    return lines, terms


def _make_samples(version: Version | None) -> list[SampleInput]:
    """Those that can be typed; bytes are not shown."""
    if version is None:
        return []
    samples = [sample for sample in version.samples if sample.get("content_type", "json") != "binary"]
    return [_make_sample(sample["name"], sample.get("content_type", "json"), sample["input"]) for sample in samples]


def _make_sample(name: str, kind: str, text: str) -> SampleInput:
    return SampleInput(name, kind, indent_json(text) if kind == "json" else text)
