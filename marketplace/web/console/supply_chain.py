"""What is in a version, under which licences, what is known of it, and who signed it."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from marketplace.algorithms.advisories import find_vulnerabilities
from marketplace.algorithms.bill_of_materials import count_licenses, list_packages, make_bill_of_materials
from marketplace.algorithms.models import Advisory, ArtifactSignature
from marketplace.algorithms.selectors import get_owned_algorithm, get_version, list_versions
from marketplace.organizations.selectors import AccessibleOrganization
from marketplace.web.console.page import organization_page, render_page


@require_GET
@organization_page
def supply_chain(request: HttpRequest, scope: AccessibleOrganization, name: str) -> HttpResponse:
    """That of the version which `version` names, by default of the latest."""
    algorithm = get_owned_algorithm(scope=scope, name=name)
    versions = list_versions(algorithm=algorithm)
    found = get_version(algorithm=algorithm, selector=request.GET.get("version")) if versions else None
    packages = list_packages(found) if found else []
    context = {
        "algorithm": algorithm,
        "latest": versions[0] if versions else None,
        "versions": versions,
        "version": found,
        "packages": packages,
        "licenses": count_licenses(packages),
        "vulnerabilities": find_vulnerabilities(packages),
        "any_known": Advisory.objects.exists(),
        "signed": found is not None and ArtifactSignature.objects.filter(pk=found.artifact).exists(),
    }
    return render_page(request, scope, "console/supply_chain.html", "algorithms", context)


@require_GET
@organization_page
def bill_of_materials(request: HttpRequest, scope: AccessibleOrganization, name: str, number: str) -> HttpResponse:  # noqa: ARG001 - a view's
    """CycloneDX 1.6, to keep."""
    found = get_version(algorithm=get_owned_algorithm(scope=scope, name=name), selector=number)
    file_name = f"{scope.organization.slug}-{found.algorithm.name}-{found.number}.cdx.json"
    headers = {"Content-Disposition": f'attachment; filename="{file_name}"'}
    return HttpResponse(make_bill_of_materials(found), content_type="application/vnd.cyclonedx+json", headers=headers)
