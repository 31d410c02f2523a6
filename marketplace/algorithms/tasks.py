"""Background work of the catalogue."""

import uuid

from django.utils import timezone

from marketplace.algorithms import building, environments, secrets
from marketplace.celery import app


@app.task(name="algorithms.build")
def build(*, build_id: str) -> None:
    """Builds a source; delivered twice, it builds once."""
    building.run_build(uuid.UUID(build_id))


@app.task(name="algorithms.requeue_lost_builds")
def requeue_lost_builds() -> None:
    """Mends what a killed worker or a lost message left."""
    building.requeue_lost_builds(now=timezone.now())


@app.task(name="algorithms.reseal_secrets")
def reseal_secrets() -> None:
    """Has secrets need only the newest key."""
    secrets.reseal_all()


@app.task(name="algorithms.note_toolchains")
def note_toolchains() -> None:
    """Keeps which toolchains there are."""
    environments.note_toolchains()
