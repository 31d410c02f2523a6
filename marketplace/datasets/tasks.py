"""Housekeeping of hosted data."""

from django.utils import timezone

from marketplace.celery import app
from marketplace.datasets import expiry


@app.task(name="datasets.expire")
def expire() -> None:
    """Deletes temporary files and sessions that have had their day."""
    expiry.expire(now=timezone.now())


@app.task(name="datasets.collect_contents")
def collect_contents() -> None:
    """Removes the bytes that no file has any more."""
    expiry.collect_contents(now=timezone.now())
