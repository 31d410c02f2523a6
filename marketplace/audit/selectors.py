"""Reading the audit trail."""

import uuid

from django.db.models import QuerySet

from marketplace.audit.models import AuditEvent


def list_events(*, organization_id: uuid.UUID) -> QuerySet[AuditEvent]:
    """What was done in the organization, newest first."""
    return AuditEvent.objects.filter(organization_id=organization_id).order_by("-at", "-id")
