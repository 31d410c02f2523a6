"""Who did what, from where: looked through, and taken away as CSV or JSON lines."""

import json
from collections.abc import Iterator
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_GET

from marketplace.audit.models import AuditEvent
from marketplace.audit.selectors import EventFilter, list_actions, list_events
from marketplace.organizations.permissions import check_can_read_audit
from marketplace.organizations.selectors import AccessibleOrganization
from marketplace.web.console.exports import write_csv
from marketplace.web.console.page import organization_page, render_page
from marketplace.web.templatetags.console import deed

EVENTS_PER_PAGE = 50
COLUMNS = ("at", "actor_label", "via", "address", "action", "subject_label", "subject_id", "details")


class FilterForm(forms.Form):
    """What to look for."""

    actor = forms.CharField(required=False, max_length=150, label="Who")
    action = forms.ChoiceField(required=False, label="Did")
    subject = forms.CharField(required=False, max_length=255, label="What")
    since = forms.DateField(required=False, label="From", widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(required=False, label="Until", widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, data: Any, actions: list[str]) -> None:
        super().__init__(data)
        choices = [("", "Anything"), *((action, deed(action).rstrip(":")) for action in actions)]
        self.fields["action"].choices = choices  # type: ignore[attr-defined]

    @property
    def filter(self) -> EventFilter:
        """What is wrong in it is left out."""
        self.is_valid()
        return EventFilter(**self.cleaned_data)


@require_GET
@organization_page
def audit_log(request: HttpRequest, scope: AccessibleOrganization) -> HttpResponse:
    """The events of the organization, newest first."""
    form, events = _find(request, scope)
    page = Paginator(events, EVENTS_PER_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "form": form, "filtered": bool(form.is_valid() and any(form.cleaned_data.values()))}
    return render_page(request, scope, "console/audit_log.html", "audit", context)


@require_GET
@organization_page
def audit_csv(request: HttpRequest, scope: AccessibleOrganization) -> HttpResponseBase:
    """The same events as a table."""
    _, events = _find(request, scope)
    rows = events.values_list(*COLUMNS).iterator()
    return write_csv("audit", COLUMNS, ((at.isoformat(), *rest, json.dumps(known)) for at, *rest, known in rows))


@require_GET
@organization_page
def audit_lines(request: HttpRequest, scope: AccessibleOrganization) -> HttpResponseBase:
    """The same events, one object of JSON per line."""
    _, events = _find(request, scope)
    headers = {"Content-Disposition": 'attachment; filename="agora-audit.jsonl"'}
    return StreamingHttpResponse(_write_lines(events), content_type="application/x-ndjson", headers=headers)


def _find(request: HttpRequest, scope: AccessibleOrganization) -> tuple[FilterForm, QuerySet[AuditEvent]]:
    check_can_read_audit(scope)
    organization_id = scope.organization.id
    form = FilterForm(request.GET, list_actions(organization_id=organization_id))
    return form, list_events(organization_id=organization_id, by=form.filter)


def _write_lines(events: QuerySet[AuditEvent]) -> Iterator[str]:
    for event in events.values(*COLUMNS).iterator():
        yield json.dumps(event | {"at": event["at"].astimezone(timezone.get_default_timezone()).isoformat()}) + "\n"
