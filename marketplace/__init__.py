"""Everything a customer sees: the store, the workspace, the console, the API and the gateway."""

from marketplace.celery import app as celery_app

__all__ = ["celery_app"]
