"""Writing the audit trail."""

import uuid
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.db import transaction
from django.utils import timezone

from marketplace.audit.models import AuditEvent
from marketplace.audit.origin import get_origin


def record(
    *,
    actor: AbstractUser | None,
    organization_id: uuid.UUID | None,
    action: str,
    subject_label: str,
    subject_id: object,
    details: dict[str, Any] | None = None,
) -> AuditEvent:
    """Notes an act, in the transaction of the act itself: neither can be without the other.

    `actor` None is the platform. Raises RuntimeError outside a transaction.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError(f"audit of {action} outside a transaction")
    origin = get_origin()
    return AuditEvent.objects.create(
        at=timezone.now(),
        actor_id=actor.pk if actor else None,
        actor_label=actor.get_username() if actor else "platform",
        organization_id=organization_id,
        action=action,
        subject_label=subject_label[:255],
        subject_id=str(subject_id),
        details=details or {},
        address=origin.address[:45],
        via=origin.via[:32],
    )
