"""What the clock does with keys."""

from django.utils import timezone

from marketplace.celery import app
from marketplace.organizations.expiry import warn_of_expiring_keys


@app.task(name="organizations.warn_of_expiring_keys")
def warn_of_expiry() -> None:
    """Mails the makers of keys that end within a week."""
    warn_of_expiring_keys(now=timezone.now())
