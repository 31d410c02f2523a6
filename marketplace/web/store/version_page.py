"""One version of an algorithm, as its callers see it: what is new in it, and what differs from another."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from marketplace.accounts.models import User
from marketplace.algorithms.differences import compare_versions
from marketplace.algorithms.models import Algorithm
from marketplace.algorithms.selectors import get_visible_algorithm, list_versions
from marketplace.errors import NotFound
from marketplace.organizations.selectors import list_accessible_organizations
from marketplace.web.visitor_pages import for_visitors


@require_safe
@for_visitors
def version(request: HttpRequest, owner: str, name: str, number: str) -> HttpResponse:
    """Compared with the one that `with` names, by default the one before. The source is compared where it is open."""
    algorithm = get_visible_algorithm(viewer=request.user, owner=owner, name=name)
    versions = list_versions(algorithm=algorithm)
    found = next((each for each in versions if each.number == number), None)
    if found is None:
        raise NotFound(f"There is no version {number} of {algorithm.full_name}.")
    others = [each for each in versions if each.pk != found.pk]
    source = algorithm.source_open or _owns(request, algorithm)
    context = {
        "algorithm": algorithm,
        "version": found,
        "is_latest": found.pk == versions[0].pk,
        "others": others,
        "differences": compare_versions(found, others, request.GET.get("with", ""), source=source),
    }
    return render(request, "store/version.html", context)


def _owns(request: HttpRequest, algorithm: Algorithm) -> bool:
    if not isinstance(request.user, User):
        return False
    scopes = list_accessible_organizations(user=request.user)
    return any(scope.organization.id == algorithm.organization_id for scope in scopes)
