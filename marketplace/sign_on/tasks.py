"""Housekeeping of sign-in."""

from marketplace.celery import app
from marketplace.sign_on import resealing


@app.task(name="sign_on.reseal_secrets")
def reseal_secrets() -> None:
    """So that an old key of AGORA_SEALING_KEYS can go a day after a new one came."""
    resealing.reseal_all()
