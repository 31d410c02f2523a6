"""What a worker does with a build: source from storage in, artifact to storage out.

A worker holds an advisory lock for as long as it builds. PostgreSQL gives the lock up with the worker's connection,
so a build that is `building` while its lock is free has lost its worker, and may be taken over at once.
"""

import logging
import shutil
import uuid
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from django.conf import settings
from django.core.files.storage import default_storage
from django.db.models import F
from django.utils import timezone
from redis.exceptions import RedisError

from execution.client import build_artifact
from execution.errors import BuildFailed, ExecutionError
from marketplace.algorithms.blobs import artifact_name, hash_blob, source_name, store_blob
from marketplace.algorithms.build_log import BuildLog
from marketplace.algorithms.build_settings import BuildSettings
from marketplace.algorithms.build_states import move_build
from marketplace.algorithms.models import Build, BuildState
from marketplace.algorithms.publication import publish_algorithms_now
from marketplace.algorithms.services import queue_build
from marketplace.algorithms.signing import sign_artifact
from marketplace.worker_locks import has_worker, worker_lock

logger = logging.getLogger(__name__)

WORKER_GRACE = timedelta(seconds=30)
"""How long a build may be `building` before its lock is looked at."""
MESSAGE_GRACE = timedelta(minutes=15)
"""How long a build may wait in the queue before its message is taken for lost; a second message is harmless."""
REQUEUED_AT_ONCE = 20
MOST_ATTEMPTS = 3
KILLED_TOO_OFTEN = "The build was killed {} times: it may need more memory or disk than the platform gives to builds."
OUR_FAULT = "The platform could not build this; nothing is wrong with the source. Try again, or tell the operator: {}"


def run_build(build_id: uuid.UUID) -> None:
    """Builds it and notes the outcome. Safe to repeat: a build that is done, or that a worker has, is left alone."""
    with worker_lock(_lock_name(build_id)) as alone:
        if not alone:
            return
        move_build(build_id, origin=BuildState.BUILDING, target=BuildState.QUEUED, started_at=None, log="")
        begun = {"started_at": timezone.now(), "attempts": F("attempts") + 1}
        if move_build(build_id, origin=BuildState.QUEUED, target=BuildState.BUILDING, **begun):
            _build(Build.objects.get(pk=build_id))


def requeue_lost_builds(*, now: datetime) -> list[uuid.UUID]:
    """Queues again the builds whose worker died and those whose message was lost."""
    building = Build.objects.filter(state=BuildState.BUILDING, started_at__lt=now - WORKER_GRACE)
    lost = [pk for pk in building.values_list("pk", flat=True) if not has_worker(_lock_name(pk))]
    waiting = Build.objects.filter(state=BuildState.QUEUED, created_at__lt=now - MESSAGE_GRACE)
    lost += waiting.order_by("created_at").values_list("pk", flat=True)[:REQUEUED_AT_ONCE]
    for build_id in lost:
        queue_build(build_id)
    return lost


def _build(build: Build) -> None:
    log = BuildLog(build.id)
    if build.attempts > MOST_ATTEMPTS:
        _finish(build, log, BuildState.FAILED, error=KILLED_TOO_OFTEN.format(MOST_ATTEMPTS))
        return
    workspace = settings.AGORA_HOME / "builds" / str(build.id)
    shutil.rmtree(workspace, ignore_errors=True)  # of a worker that died
    workspace.mkdir(parents=True)
    try:
        digest = _make_artifact(build, workspace, log)
        sign_artifact(digest)
        _finish(build, log, BuildState.SUCCEEDED, artifact=digest)
        _let_owners_call(build)
    except BuildFailed as error:
        _finish(build, log, BuildState.FAILED, error=str(error))
    except ExecutionError as error:
        logger.exception("Build %s failed", build.id)
        _finish(build, log, BuildState.FAILED, error=OUR_FAULT.format(error))
    except Exception:
        logger.exception("Build %s failed", build.id)
        _finish(build, log, BuildState.FAILED, error=OUR_FAULT.format(f"build {build.id}"))
    finally:
        shutil.rmtree(workspace, ignore_errors=True)


def _make_artifact(build: Build, workspace: Path, log: BuildLog) -> str:
    kept = msgspec.convert(build.settings, BuildSettings)
    built = build_artifact(
        environment=kept.environment,
        entry=build.entry,
        source_archive=_fetch_source(build.source_hash, workspace),
        workspace=workspace,
        cache=settings.AGORA_HOME / "cache" / "builds",
        log=log.append,
    )
    with built.path.open("rb") as content:
        store_blob(artifact_name(built.digest), content, built.path.stat().st_size)
    return built.digest


def _fetch_source(source_hash: str, workspace: Path) -> Path:
    archive = workspace / "source.tar.gz"
    with default_storage.open(source_name(source_hash)) as stored, archive.open("wb") as copy:
        shutil.copyfileobj(stored, copy)
    with archive.open("rb") as content:
        found, _ = hash_blob(content)
    if found != source_hash:
        raise BuildFailed("The stored source is damaged: publish it again.")
    return archive


def _finish(build: Build, log: BuildLog, state: BuildState, **fields: str) -> None:
    log.flush()
    move_build(build.id, origin=BuildState.BUILDING, target=state, finished_at=timezone.now(), **fields)


def _let_owners_call(build: Build) -> None:
    """Until it is published, they alone. A directory that is away is mended by its next refresh."""
    try:
        publish_algorithms_now([build.algorithm_id])
    except RedisError:
        logger.exception("Build %s cannot be called yet", build.id)


def _lock_name(build_id: uuid.UUID) -> str:
    return f"build:{build_id}"
