"""What a worker does with a build: source from storage in, artifact to storage out.

A worker holds an advisory lock for as long as it builds. PostgreSQL gives the lock up with the worker's connection,
so a build that is `building` while its lock is free has lost its worker, and may be taken over at once.
"""

import logging
import shutil
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection
from django.db.models import F
from django.utils import timezone
from redis.exceptions import RedisError

from execution.client import build_artifact
from execution.errors import BuildFailed, ExecutionError
from marketplace.algorithms.blobs import artifact_name, hash_blob, source_name, store_blob
from marketplace.algorithms.build_caches import shared_cache, use_owner_cache
from marketplace.algorithms.build_log import BuildLog, tell_readers
from marketplace.algorithms.build_queue import list_next_builds
from marketplace.algorithms.build_settings import BuildSettings
from marketplace.algorithms.build_states import move_build
from marketplace.algorithms.environments import find_warning
from marketplace.algorithms.models import Build, BuildState
from marketplace.algorithms.publication import publish_algorithms_now
from marketplace.algorithms.services import queue_build
from marketplace.algorithms.signing import sign_artifact
from marketplace.worker_locks import worker_lock

logger = logging.getLogger(__name__)

WORKER_GRACE = timedelta(seconds=10)
"""How long a build may be `building` before its lock is looked at."""
MESSAGE_GRACE = timedelta(seconds=10)
"""How long a build may be due before its message is taken for lost; a second message is harmless."""
LOOK_SECONDS = 0.5
"""So often a builder asks whether its build was cancelled."""
MOST_ATTEMPTS = 3
KILLED_TOO_OFTEN = "The build was killed {} times: it may need more memory or disk than the platform gives to builds."
OUR_FAULT = "The platform could not build this; nothing is wrong with the source. Try again, or tell the operator: {}"


def run_next_build() -> bool:
    """Does the build whose turn it is, if there is one, and answers whether it did."""
    return any(run_build(build_id) for build_id in list_next_builds())


def run_build(build_id: uuid.UUID) -> bool:
    """Builds it, notes the outcome and answers True; False for a build that is done, or that another worker has."""
    with worker_lock(_lock_name(build_id)) as alone:
        begun = {"started_at": timezone.now(), "attempts": F("attempts") + 1, "log": ""}
        if not alone or not move_build(build_id, origin=BuildState.QUEUED, target=BuildState.BUILDING, **begun):
            return False
        tell_readers(build_id)
        _build(Build.objects.select_related("algorithm").get(pk=build_id))
        return True


def requeue_lost_builds(*, now: datetime) -> list[uuid.UUID]:
    """Queues again the builds whose worker died and those whose message was lost."""
    building = Build.objects.filter(state=BuildState.BUILDING, started_at__lt=now - WORKER_GRACE)
    lost = [pk for pk in building.values_list("pk", flat=True) if _take_back(pk)]
    turns = list_next_builds()
    due = set(Build.objects.filter(pk__in=turns, created_at__lt=now - MESSAGE_GRACE).values_list("pk", flat=True))
    lost += [pk for pk in turns if pk in due.difference(lost)]
    for build_id in lost:
        queue_build(build_id)
    return lost


def _take_back(build_id: uuid.UUID) -> bool:
    """Whether it had lost its worker, and waits again."""
    with worker_lock(_lock_name(build_id)) as alone:
        return alone and move_build(build_id, origin=BuildState.BUILDING, target=BuildState.QUEUED, started_at=None)


def _build(build: Build) -> None:
    log = BuildLog(build.id)
    if build.attempts > MOST_ATTEMPTS:
        _finish(build, log, BuildState.FAILED, error=KILLED_TOO_OFTEN.format(MOST_ATTEMPTS))
        return
    workspace = settings.AGORA_HOME / "builds" / str(build.id)
    shutil.rmtree(workspace, ignore_errors=True)  # of a worker that died
    workspace.mkdir(parents=True)
    try:
        if warning := find_warning(build.settings["environment"]):
            log.append(warning)
        with _cancellation_of(build) as cancelled:
            made = _make_artifact(build, workspace, log, cancelled)
        sign_artifact(made["artifact"])
        _finish(build, log, BuildState.SUCCEEDED, **made)
        _let_owners_call(build)
    except BuildFailed as error:
        log.append(f"Failed: {error}")
        _finish(build, log, BuildState.FAILED, error=str(error))
    except ExecutionError as error:
        logger.exception("Build %s failed", build.id)
        _finish(build, log, BuildState.FAILED, error=OUR_FAULT.format(error))
    except Exception:
        logger.exception("Build %s failed", build.id)
        _finish(build, log, BuildState.FAILED, error=OUR_FAULT.format(f"build {build.id}"))
    finally:
        shutil.rmtree(workspace, ignore_errors=True)


@contextmanager
def _cancellation_of(build: Build) -> Iterator[threading.Event]:
    """Set as soon as the build is no more to be built. Looked for by a thread, with a connection of its own."""
    cancelled, over = threading.Event(), threading.Event()

    def look() -> None:
        while not over.wait(LOOK_SECONDS):
            try:
                if Build.objects.filter(pk=build.pk).exclude(state=BuildState.BUILDING).exists():
                    cancelled.set()
            except DatabaseError:
                logger.warning("Nobody knows whether build %s was cancelled", build.pk)
            finally:
                connection.close()

    thread = threading.Thread(target=look, name="cancellation")
    thread.start()
    try:
        yield cancelled
    finally:
        over.set()
        thread.join()


def _make_artifact(build: Build, workspace: Path, log: BuildLog, cancelled: threading.Event) -> dict[str, Any]:
    kept = msgspec.convert(build.settings, BuildSettings)
    built = build_artifact(
        environment=kept.environment,
        entry=build.entry,
        source_archive=_fetch_source(build.source_hash, workspace),
        workspace=workspace,
        cache=shared_cache(),
        owner_cache=use_owner_cache(build.algorithm.organization_id),
        package_hosts=frozenset(settings.PACKAGE_HOSTS),
        log=log.append,
        cancelled=cancelled,
    )
    with built.path.open("rb") as content:
        store_blob(artifact_name(built.digest), content, built.path.stat().st_size)
    return {"artifact": built.digest, "resolved": msgspec.to_builtins(built.packages)}


def _fetch_source(source_hash: str, workspace: Path) -> Path:
    archive = workspace / "source.tar.gz"
    with default_storage.open(source_name(source_hash)) as stored, archive.open("wb") as copy:
        shutil.copyfileobj(stored, copy)
    with archive.open("rb") as content:
        found, _ = hash_blob(content)
    if found != source_hash:
        raise BuildFailed("The stored source is damaged: publish it again.")
    return archive


def _finish(build: Build, log: BuildLog, state: BuildState, **fields: Any) -> None:
    log.close()
    move_build(build.id, origin=BuildState.BUILDING, target=state, finished_at=timezone.now(), **fields)
    tell_readers(build.id)


def _let_owners_call(build: Build) -> None:
    """Until it is published, they alone. A directory that is away is mended by its next refresh."""
    try:
        publish_algorithms_now([build.algorithm_id])
    except RedisError:
        logger.exception("Build %s cannot be called yet", build.id)


def _lock_name(build_id: uuid.UUID) -> str:
    return f"build:{build_id}"
