"""Messages to an organization's owners: written in the transaction of what they tell, mailed by a task."""

import logging
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from billing.payments.models import Notice

TRIED_FOR = timedelta(days=7)
"""A notice that could not be sent by then is left: its address takes nothing."""

logger = logging.getLogger(__name__)


def tell_owners(organization_id: uuid.UUID, subject: str, text: str) -> None:
    """Has the owners mailed, if the caller's transaction commits."""
    Notice.objects.create(organization_id=organization_id, subject=subject, text=text)


def send_notices(send: Callable[[Notice], None], *, now: datetime) -> int:
    """Hands each notice that was not sent to `send`, oldest first, and answers how many it took.

    One that `send` refuses, whatever it raises, keeps no other waiting, and is tried again for a week. Killed in
    between, it sends the last one again: better twice than never.
    """
    unsent = Notice.objects.filter(sent_at=None, created_at__gt=now - TRIED_FOR).order_by("created_at")
    return sum(_send(notice_id, send) for notice_id in list(unsent.values_list("pk", flat=True)))


def _send(notice_id: uuid.UUID, send: Callable[[Notice], None]) -> bool:
    try:
        with transaction.atomic():
            unsent = Notice.objects.select_for_update(skip_locked=True).filter(pk=notice_id, sent_at=None)
            notice = unsent.first()
            if notice is None:  # another worker has it
                return False
            send(notice)
            notice.sent_at = timezone.now()
            notice.save()
    except Exception:  # what a mail server refuses, each backend tells in its own way
        logger.exception("Notice %s could not be sent", notice_id)
        return False
    return True
