"""What becomes of commits: each that comes to the main branch is built, and published if its author says so."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import msgspec
from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from execution.environments import find_environment
from marketplace.accounts.models import User
from marketplace.algorithms.build_queue import place_in_queue
from marketplace.algorithms.build_settings import BuildSettings
from marketplace.algorithms.models import Algorithm, Build, BuildState
from marketplace.algorithms.pricing import AuthorPrice
from marketplace.algorithms.services import start_build, update_algorithm
from marketplace.algorithms.version_numbers import BUMPS, Bump
from marketplace.audit.services import record
from marketplace.celery import app as celery
from marketplace.errors import MarketplaceError, NotFound
from marketplace.invocations.sample_runs import publish_tested
from marketplace.manifest import FILE_NAME, Manifest, ManifestError, read_text
from marketplace.organizations.permissions import check_can_publish
from marketplace.organizations.selectors import AccessibleOrganization
from marketplace.repositories.git import BRANCH, GitFailed
from marketplace.repositories.models import Push
from marketplace.repositories.places import ensure_repository
from marketplace.repositories.trees import commit_files, describe_commit, read_file, write_archive

LONGEST_WAIT = timedelta(hours=1)
"""After which nobody tries to publish it any more: its build has not ended, or a fault of ours stands in the way."""
DO_NOT_PUBLISH = "no"


def receive_commit(*, algorithm: Algorithm, scope: AccessibleOrganization, commit: str, publish: str = "") -> Push:
    """Builds a commit that has come to the main branch. What is wrong with it is noted, not raised.

    `publish` is a bump, `no`, or nothing for what its agora.toml says. Raises PermissionDenied.
    """
    check_can_publish(scope)
    repository = ensure_repository(algorithm)
    found = describe_commit(repository, commit)
    push = Push(
        algorithm=algorithm, commit=commit, message=found.message[:200], pushed_by=scope.user, pushed_at=timezone.now()
    )
    try:
        manifest = _read_manifest(repository, commit, algorithm)
        push.bump = _bump_of(publish, manifest)
        _update_texts(algorithm, repository, commit, manifest, scope.user)
        push.build = _start_build(algorithm, repository, commit, manifest, scope.user)
    except (MarketplaceError, GitFailed) as error:
        push.failure, push.settled_at = str(error), timezone.now()
    return _keep(push)


def commit_changes(
    *,
    algorithm: Algorithm,
    scope: AccessibleOrganization,
    changes: Mapping[str, bytes | None],
    message: str,
    base: str | None,
    publish: str = "",
) -> Push:
    """Commits files to the main branch, as a push of them would. Raises PermissionDenied, Conflict, InvalidInput."""
    check_can_publish(scope)
    author = scope.user.get_username()
    repository, message = ensure_repository(algorithm), message.strip() or "Change files"
    commit = commit_files(repository, changes=changes, message=message, author=author, base=base)
    return receive_commit(algorithm=algorithm, scope=scope, commit=commit, publish=publish)


def publish_push(push: Push, *, now: datetime) -> bool:
    """Publishes what was pushed as soon as it has been built; whether nothing more is to be done. Safe to repeat."""
    if push.settled_at is not None or push.build is None:
        return True
    if now - push.pushed_at > LONGEST_WAIT:
        return _settle(push, "It could not be published for an hour, and is not any more: push again, or publish it.")
    state = Build.objects.values_list("state", flat=True).get(pk=push.build_id)
    if state in {BuildState.QUEUED, BuildState.BUILDING}:
        return False
    if state != BuildState.SUCCEEDED:
        return _settle(push, "Its build failed.")
    try:
        push.version = publish_tested(
            build=push.build,
            bump=cast("Bump", push.bump),
            by=push.pushed_by,
            release_notes=push.message,
            price=_price_of(push),
        )
    except MarketplaceError as error:
        return _settle(push, error.message)
    return _settle(push, "")


def describe_push(push: Push) -> str:
    """Lines for who pushed."""
    if push.build is None:
        return f"Not built: {push.failure}\n"
    owner, name = push.algorithm.organization.slug, push.algorithm.name
    page = settings.AGORA_ADDRESS + reverse("console:build", args=[owner, name, push.build_id])
    place = place_in_queue(push.build.pk)
    waits = f"It is number {place} in the queue.\n" if place > 1 else ""
    then = f"It will be published as the next {push.bump} version." if push.bump else "Publish it from its page."
    return f"Building {push.commit[:10]}: {page}\n{waits}{then}\n"


def _read_manifest(repository: Path, commit: str, algorithm: Algorithm) -> Manifest | None:
    """None for a commit without one. Raises ManifestError."""
    content = _find_file(repository, commit, FILE_NAME)
    if content is None:
        return None
    manifest = read_text(content, lambda path: _find_file(repository, commit, path))
    if manifest.name.lower() != algorithm.name.lower():
        raise ManifestError(f"name is {manifest.name}, and this is the repository of {algorithm.full_name}.")
    return manifest


def _find_file(repository: Path, commit: str, path: str) -> bytes | None:
    try:
        return read_file(repository, commit, path)
    except NotFound:
        return None


def _bump_of(publish: str, manifest: Manifest | None) -> str:
    if publish == DO_NOT_PUBLISH:
        return ""
    if publish and publish not in BUMPS:
        raise GitFailed(f"publish={publish} is not known: it is {', '.join(BUMPS)} or {DO_NOT_PUBLISH}.")
    return publish or (manifest.publish.on_push if manifest is not None else "")


def _update_texts(algorithm: Algorithm, repository: Path, commit: str, manifest: Manifest | None, by: User) -> None:
    if manifest is None:
        return
    readme = (_find_file(repository, commit, "README.md") or b"").decode(errors="replace")
    update_algorithm(
        algorithm=algorithm,
        by=by,
        environment=manifest.environment,
        summary=manifest.summary,
        readme=readme.replace("\0", ""),
        tags=list(manifest.tags),
        public=manifest.public,
    )


def _start_build(algorithm: Algorithm, repository: Path, commit: str, manifest: Manifest | None, by: User) -> Build:
    with TemporaryDirectory(prefix="agora-push-") as scratch:
        archive = Path(scratch) / "source.tar.gz"
        write_archive(repository, commit, archive)
        with archive.open("rb") as source:
            return start_build(algorithm=algorithm, source=source, settings=_settings_of(algorithm, manifest), by=by)


def _settings_of(algorithm: Algorithm, manifest: Manifest | None) -> BuildSettings:
    if manifest is not None:
        return msgspec.convert(manifest.to_build_settings(), BuildSettings)
    found = find_environment(algorithm.environment)
    return BuildSettings(
        environment=algorithm.environment,
        entry=found.default_entry(algorithm.name) if found else "",
        network=algorithm.network,
        calls_others=algorithm.calls_others,
    )


def _price_of(push: Push) -> AuthorPrice | None:
    """What agora.toml of the commit says; None without one, for the algorithm's own."""
    manifest = _read_manifest(ensure_repository(push.algorithm), push.commit, push.algorithm)
    if manifest is None:
        return None
    price = manifest.price.to_settings()
    return AuthorPrice(
        royalty_per_call=cast("int", price["royalty_microcredits"]),
        royalty_per_second=cast("int", price["royalty_microcredits_per_second"]),
        free_calls_per_month=cast("int", price["free_calls_per_month"]),
        free_to_owner=bool(price["free_to_owner"]),
    )


@transaction.atomic
def _keep(push: Push) -> Push:
    """Notes it, and has it followed if it is to be published."""
    if push.build is not None and not push.bump:
        push.settled_at = push.pushed_at
    push.save(force_insert=True)
    record(
        actor=push.pushed_by,
        organization_id=push.algorithm.organization_id,
        action="repository.push",
        subject_label=str(push.algorithm),
        subject_id=push.algorithm_id,
        details={"commit": push.commit[:10], "branch": BRANCH},
    )
    if push.settled_at is None:
        transaction.on_commit(lambda: follow_push(push), robust=True)
    return push


def follow_push(push: Push) -> None:
    """Has a worker publish it when it has been built."""
    celery.send_task("repositories.publish_push", kwargs={"push_id": str(push.pk)})


def _settle(push: Push, failure: str) -> bool:
    Push.objects.filter(pk=push.pk, settled_at=None).update(
        settled_at=timezone.now(), failure=failure, version=push.version
    )
    return True
