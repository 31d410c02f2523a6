"""Keys that end soon: their makers are told once."""

from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction

from marketplace.organizations.models import ApiKey

NOTICE = timedelta(days=7)
MOST_AT_ONCE = 500


def warn_of_expiring_keys(*, now: datetime) -> int:
    """Mails the makers of keys that end within a week; answers how many keys. One that cannot be mailed is tried again.

    Raises OSError when the mail server does not take one.
    """
    ending = ApiKey.objects.filter(revoked_at=None, expiry_told_at=None, created_by__is_active=True)
    ids = list(ending.filter(expires_at__range=(now, now + NOTICE)).values_list("pk", flat=True)[:MOST_AT_ONCE])
    return sum(_warn(key_id, now) for key_id in ids)


@transaction.atomic
def _warn(key_id: object, now: datetime) -> bool:
    key = ApiKey.objects.select_for_update(skip_locked=True, of=("self",)).filter(pk=key_id, expiry_told_at=None)
    found = key.select_related("created_by", "organization").first()
    if found is None or found.expires_at is None:
        return False
    ApiKey.objects.filter(pk=key_id).update(expiry_told_at=now)
    if found.created_by.email:
        send_mail(
            f"Your API key {found.name} ends soon",
            f"The API key {found.name} ({found.prefix}…) of {found.organization.slug} stops working on "
            f"{found.expires_at:%d %B %Y, %H:%M} UTC. Make another one before: "
            f"{settings.AGORA_ADDRESS}/console/{found.organization.slug}/keys\n",
            None,
            [found.created_by.email],
        )
    return True
