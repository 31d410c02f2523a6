"""Housekeeping around calls."""

from django.utils import timezone

from billing import api as billing
from marketplace.celery import app
from marketplace.invocations import services
from marketplace.invocations.sessions import end_finished_sessions


@app.task(name="invocations.refresh_directory")
def refresh_directory() -> None:
    """Mends what the gateways could not be told, and brings announced prices into force."""
    services.refresh_directory()


@app.task(name="invocations.ensure_partitions")
def ensure_partitions() -> None:
    """Makes the partitions that the call records of the next days go to."""
    billing.ensure_partitions(timezone.now().date())


@app.task(name="invocations.remove_old_records")
def remove_old_records() -> None:
    """Removes the call records that are older than they are kept."""
    billing.remove_old_records(timezone.now().date())


@app.task(name="invocations.end_sessions")
def end_sessions() -> None:
    """Deletes the session collections of calls that are over."""
    end_finished_sessions()
