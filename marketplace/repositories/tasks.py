"""Background work of repositories."""

import time
import uuid

from django.utils import timezone

from marketplace.celery import app
from marketplace.repositories.imports import fetch_import, find_import
from marketplace.repositories.models import Push
from marketplace.repositories.services import follow_push, publish_push
from marketplace.worker_locks import worker_lock

LOOK_SECONDS = 0.1
PATIENCE_SECONDS = 5.0
AGAIN_SECONDS = 2.0


@app.task(name="repositories.publish_push")
def publish_when_built(*, push_id: str) -> None:
    """Publishes what was pushed. It waits a moment for a build, since most are quick; then it comes again."""
    with worker_lock(f"push:{push_id}") as alone:
        until = time.monotonic() + PATIENCE_SECONDS
        while alone and not publish_push(Push.objects.get(pk=push_id), now=timezone.now()):
            if time.monotonic() > until:
                publish_when_built.apply_async(kwargs={"push_id": push_id}, countdown=AGAIN_SECONDS)
                return
            time.sleep(LOOK_SECONDS)


@app.task(name="repositories.follow_unsettled")
def follow_unsettled() -> None:
    """Mends what a killed worker or a lost message left; one that is followed already is left alone."""
    for push in Push.objects.filter(settled_at=None).order_by("pushed_at")[:100]:
        follow_push(push)


@app.task(name="repositories.fetch_import")
def fetch_import_now(*, import_id: str) -> None:
    """Fetches and builds what somebody pushed elsewhere. While another worker does, it waits: it may see less."""
    with worker_lock(f"import:{import_id}") as alone:
        found = find_import(uuid.UUID(import_id))
        if alone and found is not None:
            fetch_import(found, now=timezone.now())
        elif found is not None:
            fetch_import_now.apply_async(kwargs={"import_id": import_id}, countdown=AGAIN_SECONDS)
