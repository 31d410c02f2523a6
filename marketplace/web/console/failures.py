"""What an algorithm's failing calls said, with the traces of its own code."""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from marketplace.algorithms.selectors import find_latest_version, get_owned_algorithm
from marketplace.directory.recent import FAILURE_SECONDS, MOST_FAILURES, Failure, read_failures
from marketplace.organizations.selectors import AccessibleOrganization
from marketplace.web.console.page import organization_page, render_page

SHOWN = 50
DAY_SECONDS = 86_400


@dataclass(frozen=True)
class Row:
    """A failure, when it was, and whether the organization called itself: others' inputs are not shown."""

    failure: Failure
    at: datetime
    own: bool


@require_GET
@organization_page
def failures(request: HttpRequest, scope: AccessibleOrganization, name: str) -> HttpResponse:
    """The newest of them."""
    algorithm = get_owned_algorithm(scope=scope, name=name)
    found = read_failures(str(algorithm.id))
    own = str(scope.organization.id)
    context = {
        "algorithm": algorithm,
        "latest": find_latest_version(algorithm=algorithm),
        "rows": [
            Row(each, datetime.fromtimestamp(each.at / 1e6, tz=UTC), each.payer_id == own) for each in found[:SHOWN]
        ],
        "count": len(found),
        "most": MOST_FAILURES,
        "days": FAILURE_SECONDS // DAY_SECONDS,
    }
    return render_page(request, scope, "console/failures.html", "algorithms", context)
