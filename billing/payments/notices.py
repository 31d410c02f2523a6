"""Messages to an organization's owners: written in the transaction of what they tell, mailed by a task."""

import uuid
from collections.abc import Callable

from django.db import transaction
from django.utils import timezone

from billing.payments.models import Notice


def tell_owners(organization_id: uuid.UUID, subject: str, text: str) -> None:
    """Has the owners mailed, if the caller's transaction commits."""
    Notice.objects.create(organization_id=organization_id, subject=subject, text=text)


def send_notices(send: Callable[[Notice], None]) -> int:
    """Hands each notice that was not sent to `send`, oldest first, and answers how many.

    Killed in between, it sends the last one again: better twice than never.
    """
    sent = 0
    while _send_next(send):
        sent += 1
    return sent


@transaction.atomic
def _send_next(send: Callable[[Notice], None]) -> bool:
    unsent = Notice.objects.select_for_update(skip_locked=True).filter(sent_at=None)
    notice = unsent.order_by("created_at").first()
    if notice is None:
        return False
    send(notice)
    notice.sent_at = timezone.now()
    notice.save()
    return True
