"""Housekeeping of accounts."""

from django.core.management import call_command

from marketplace.celery import app


@app.task(name="accounts.clear_sessions")
def clear_sessions() -> None:
    """Removes the sessions that have expired."""
    call_command("clearsessions")
