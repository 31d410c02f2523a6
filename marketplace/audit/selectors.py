"""Reading the audit trail."""

import uuid
from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from marketplace.audit.models import AuditEvent


@dataclass(frozen=True)
class EventFilter:
    """What to look for; what is empty leaves nothing out. Days are UTC, both included."""

    actor: str = ""
    action: str = ""
    subject: str = ""
    since: date | None = None
    until: date | None = None


EVERYTHING = EventFilter()


def list_events(*, organization_id: uuid.UUID, by: EventFilter = EVERYTHING) -> QuerySet[AuditEvent]:
    """What was done in the organization, newest first."""
    wanted = {
        "actor_label__iexact": by.actor,
        "action": by.action,
        "subject_label__icontains": by.subject,
        "at__date__gte": by.since,
        "at__date__lte": by.until,
    }
    events = AuditEvent.objects.filter(organization_id=organization_id)
    return events.filter(**{name: value for name, value in wanted.items() if value}).order_by("-at", "-id")


def list_actions(*, organization_id: uuid.UUID) -> list[str]:
    """Which acts there were, by name."""
    events = AuditEvent.objects.filter(organization_id=organization_id)
    return list(events.order_by("action").values_list("action", flat=True).distinct())
