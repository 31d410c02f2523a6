"""Who did what, for owners."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from marketplace.audit.selectors import list_events
from marketplace.organizations.permissions import check_can_read_audit
from marketplace.organizations.selectors import AccessibleOrganization
from marketplace.web.console.page import organization_page, render_page

EVENTS_PER_PAGE = 50


@require_GET
@organization_page
def audit_log(request: HttpRequest, scope: AccessibleOrganization) -> HttpResponse:
    """The events of the organization, newest first."""
    check_can_read_audit(scope)
    events = list_events(organization_id=scope.organization.id)
    page = Paginator(events, EVENTS_PER_PAGE).get_page(request.GET.get("page"))
    return render_page(request, scope, "console/audit_log.html", "audit", {"page": page})
