"""Background work of the catalogue."""

from django.utils import timezone

from marketplace.algorithms import building, environments, secrets
from marketplace.algorithms.build_caches import prune_owner_caches
from marketplace.algorithms.services import wake_builder
from marketplace.celery import app


@app.task(name="algorithms.build_next")
def build_next() -> None:
    """Does the build whose turn it is; whatever is delivered twice, each is built once."""
    if building.run_next_build():
        wake_builder()  # whoever of the same owner had to wait for this one


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


@app.task(name="algorithms.prune_build_caches")
def prune_build_caches() -> None:
    """Gives back the disk of owners who build no more."""
    prune_owner_caches(now=timezone.now())
