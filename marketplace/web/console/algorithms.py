"""The organization's own algorithms, private and unfinished ones too."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from billing.api import AlgorithmMeasures
from marketplace.algorithms.models import Algorithm, Build, Version
from marketplace.algorithms.selectors import (
    get_owned_algorithm,
    list_builds,
    list_latest_builds,
    list_latest_versions,
    list_owned_algorithms,
    list_versions,
)
from marketplace.invocations.selectors import get_statistics, list_earnings, list_statistics
from marketplace.organizations.permissions import can_publish, can_withdraw
from marketplace.organizations.selectors import AccessibleOrganization
from marketplace.web.console.page import organization_page, render_page

ALGORITHMS_PER_PAGE = 25
BUILDS_SHOWN = 20
MOST_EARNERS = 1000


@dataclass(frozen=True)
class AlgorithmLine:
    """An algorithm in the list. `version` is the newest that can be called; `earned` is micro-credits of 30 days."""

    algorithm: Algorithm
    version: Version | None
    build: Build | None
    measures: AlgorithmMeasures
    earned: int


@require_GET
@organization_page
def algorithms(request: HttpRequest, scope: AccessibleOrganization) -> HttpResponse:
    """The list of them."""
    owned = list_owned_algorithms(scope=scope)
    page = Paginator(owned, ALGORITHMS_PER_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "lines": _to_lines(scope, page.object_list), "can_publish": can_publish(scope)}
    return render_page(request, scope, "console/algorithms.html", "algorithms", context)


@require_GET
@organization_page
def algorithm(request: HttpRequest, scope: AccessibleOrganization, name: str) -> HttpResponse:
    """One of them: its versions and its builds."""
    found = get_owned_algorithm(scope=scope, name=name)
    versions = list_versions(algorithm=found, withdrawn=True)
    context = {
        "algorithm": found,
        "measures": get_statistics(algorithm=found),
        "earned": _get_earned(scope).get(found.full_name, 0),
        "versions": versions,
        "latest": next((version for version in versions if version.withdrawn_at is None), None),
        "builds": list_builds(scope=scope, algorithm=found)[:BUILDS_SHOWN],
        "can_withdraw": can_withdraw(scope),
    }
    return render_page(request, scope, "console/algorithm.html", "algorithms", context)


def _to_lines(scope: AccessibleOrganization, shown: Sequence[Algorithm]) -> list[AlgorithmLine]:
    versions = list_latest_versions(algorithms=shown)
    builds = list_latest_builds(scope=scope, algorithms=shown)
    measures = list_statistics(algorithms=shown)
    earned = _get_earned(scope) if shown else {}
    return [
        AlgorithmLine(
            algorithm=each,
            version=versions.get(each.id),
            build=builds.get(each.id),
            measures=measures[each.id],
            earned=earned.get(each.full_name, 0),
        )
        for each in shown
    ]


def _get_earned(scope: AccessibleOrganization) -> dict[str, int]:
    return {line.algorithm: line.earned for line in list_earnings(scope=scope, limit=MOST_EARNERS)}
