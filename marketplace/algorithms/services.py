"""Writes of the catalogue. Each is atomic, checks who may, and leaves its audit in the same transaction."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, BinaryIO

import msgspec
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from marketplace.accounts.models import User
from marketplace.algorithms.blobs import hash_blob, source_name, store_blob
from marketplace.algorithms.build_log import tell_readers
from marketplace.algorithms.build_queue import MOST_WAITING
from marketplace.algorithms.build_settings import BuildSettings, check_sample, check_settings
from marketplace.algorithms.build_states import move_build
from marketplace.algorithms.environments import check_can_build
from marketplace.algorithms.locks import lock_algorithm
from marketplace.algorithms.models import Algorithm, AlgorithmSecret, Build, BuildState, OnChange, TrafficSplit, Version
from marketplace.algorithms.pricing import AuthorPrice, set_first_price
from marketplace.algorithms.publication import publish_algorithms_now, publish_fields_now
from marketplace.algorithms.samples import Sample, SampleResult, merge_samples, read_samples
from marketplace.algorithms.secrets import has_shared_secrets
from marketplace.algorithms.version_numbers import BUMPS, Bump, VersionNumber, bump_of, next_number
from marketplace.audit.services import record
from marketplace.celery import app as celery
from marketplace.directory.publisher import algorithm_field
from marketplace.errors import Conflict, InvalidInput, TooMany
from marketplace.organizations.permissions import (
    check_can_delete,
    check_can_manage_teams,
    check_can_publish,
    check_can_withdraw,
)
from marketplace.organizations.selectors import AccessibleOrganization, get_accessible_organization
from marketplace.texts import check_storable

ENDED_BADLY = (BuildState.FAILED, BuildState.CANCELLED)
LARGEST_SOURCE_BYTES = 100 * 1024 * 1024
MOST_TAGS = 10
FAILURE_STANDS = timedelta(seconds=30)
"""So long after a build has failed, its source is not built again."""


@transaction.atomic
def create_algorithm(
    *,
    scope: AccessibleOrganization,
    name: str,
    environment: str,
    summary: str = "",
    readme: str = "",
    tags: Sequence[str] = (),
    public: bool = False,
    **defaults: Any,
) -> Algorithm:
    """Makes `owner/name`, with nothing to call yet. Raises PermissionDenied, InvalidInput, Conflict (name taken).

    `defaults` is what update_algorithm takes beside the texts.
    """
    check_can_publish(scope)
    now = timezone.now()
    algorithm = Algorithm(organization=scope.organization, name=name, created_at=now, updated_at=now)
    algorithm.secrets_changed_at = now if has_shared_secrets(scope.organization.pk) else None
    texts = {"environment": environment, "summary": summary, "readme": readme, "tags": tags, "public": public}
    _set_texts(algorithm, texts | defaults)
    try:
        with transaction.atomic():
            algorithm.save(force_insert=True)
    except IntegrityError:
        raise Conflict(f"There is an algorithm {algorithm.full_name} already.") from None
    _audit(scope.user, algorithm, "algorithm.create", algorithm, public=public)
    return algorithm


@transaction.atomic
def update_algorithm(
    *,
    algorithm: Algorithm,
    by: User,
    environment: str | None = None,
    summary: str | None = None,
    readme: str | None = None,
    tags: Sequence[str] | None = None,
    public: bool | None = None,
    license: str | None = None,  # noqa: A002 - the field's name
    source_open: bool | None = None,
    network: bool | None = None,
    calls_others: bool | None = None,
    royalty_per_call: int | None = None,
) -> Algorithm:
    """Changes what the store shows, and how builds and versions are made that do not say otherwise.

    None leaves a value as it is. Raises NotFound, PermissionDenied (also to those who may publish, and want to make
    public what others limited to teams), InvalidInput.
    """
    scope = _get_scope(algorithm, by)
    check_can_publish(scope)
    asked = {
        "environment": environment,
        "summary": summary,
        "readme": readme,
        "tags": tags,
        "public": public,
        "license": license,
        "source_open": source_open,
        "network": network,
        "calls_others": calls_others,
        "royalty_per_call": royalty_per_call,
    }
    current = lock_algorithm(algorithm.pk)
    changed = [name for name, value in asked.items() if value is not None and _differs(current, name, value)]
    if not changed:
        return current
    if public and "public" in changed and current.teams.exists():
        check_can_manage_teams(scope)
    _set_texts(current, {name: asked[name] for name in changed})
    current.updated_at = timezone.now()
    current.save(update_fields=[*changed, "updated_at"])
    _audit(by, current, "algorithm.update", current, changed=changed, public=current.public)
    _publish_after_commit(current)
    return current


@transaction.atomic
def delete_algorithm(*, algorithm: Algorithm, by: User) -> None:
    """Takes the algorithm away: nobody can find or call it, its name is free, and its secrets are nowhere any more.

    Raises NotFound, PermissionDenied, Conflict (everybody can call it: others may rely on it).
    """
    check_can_delete(_get_scope(algorithm, by))
    current = lock_algorithm(algorithm.pk)
    live = Version.objects.filter(algorithm=current, withdrawn_at=None)
    if current.public and live.exists():
        raise Conflict(f"Everybody can call {current.full_name}: withdraw its versions first, if nobody relies on it.")
    live.update(withdrawn_at=timezone.now())
    Algorithm.objects.filter(pk=current.pk).update(deleted_at=timezone.now())
    AlgorithmSecret.objects.filter(algorithm=current).delete()  # nobody could take them away any more
    _audit(by, current, "algorithm.delete", current)
    # Not robust: whoever deletes must learn that the gateways could not be told, and try again.
    field = algorithm_field(current.organization.slug, current.name)
    transaction.on_commit(lambda: publish_fields_now([field]))


def start_build(*, algorithm: Algorithm, source: BinaryIO, settings: BuildSettings, by: User) -> Build:
    """Keeps the source archive (.tar.gz) and queues its build; the same source and settings build once.

    A build of them that has not failed is returned as it is. Raises NotFound, PermissionDenied, InvalidInput.
    """
    check_can_publish(_get_scope(algorithm, by))
    check_settings(settings)
    check_can_build(settings.environment)
    source_hash, size = hash_blob(source)
    if not 0 < size <= LARGEST_SOURCE_BYTES:
        raise InvalidInput("source", f"The archive must have 1 to {LARGEST_SOURCE_BYTES} bytes.")
    store_blob(source_name(source_hash), source, size)  # before the row: a build always finds its source
    return _insert_build(algorithm, source_hash, settings, by)


@transaction.atomic
def rebuild(*, build: Build, by: User, now: datetime) -> Build:
    """The build itself, or, of one that has failed, a new build of its source.

    Soon after the failure the failed one is answered: clients ask a second time at once. Raises NotFound,
    PermissionDenied, InvalidInput when its environment has retired.
    """
    check_can_publish(_get_scope(build.algorithm, by))
    failed = build.state == BuildState.FAILED
    if not failed or (build.finished_at and now - build.finished_at < FAILURE_STANDS):
        return build
    return _build_again(build, by)


@transaction.atomic
def publish_version(
    *,
    build: Build,
    bump: Bump,
    by: User,
    release_notes: str = "",
    sample_input: str | None = None,
    sample_results: Sequence[SampleResult] = (),
    price: AuthorPrice | None = None,
) -> Version:
    """Publishes a successful build under the next number; again for the same build, answers its version.

    The royalty is the algorithm's unless given, the sample input (JSON text) the build's; the compute price is the
    platform's. `sample_results` are those of invocations/sample_runs.py. Raises NotFound, PermissionDenied,
    InvalidInput, Conflict (the build has not succeeded, is published with another bump, or has not passed its samples
    and the author wants no such version).
    """
    check_can_publish(_get_scope(build.algorithm, by))
    if bump not in BUMPS:
        raise InvalidInput("version_type", f"The version type must be one of {', '.join(BUMPS)}.")
    algorithm = lock_algorithm(build.algorithm_id)
    existing = Version.objects.filter(build=build).first()
    if existing:
        return _check_same_bump(existing, bump)
    texts = {"release_notes": release_notes.strip()}
    if sample_input is not None:
        check_sample(sample_input)
        texts["sample_input"] = sample_input
    version = _insert_version(algorithm, Build.objects.get(pk=build.pk), bump, texts, sample_results, by)
    price = price or AuthorPrice(royalty_per_call=algorithm.royalty_per_call)
    set_first_price(version, price)
    sentences = [result.sentence for result in sample_results if result.verdict != "passed"]
    doubts = {"samples": sentences} if sentences else {}
    _audit(by, algorithm, "version.publish", version, royalty_per_call=price.royalty_per_call, **doubts)
    _publish_after_commit(algorithm)
    return version


@transaction.atomic
def withdraw_version(*, version: Version, by: User) -> Version:
    """Takes the version away from its callers, within a second. Safe to repeat. Raises NotFound, PermissionDenied."""
    check_can_withdraw(_get_scope(version.algorithm, by))
    now = timezone.now()
    if Version.objects.filter(pk=version.pk, withdrawn_at=None).update(withdrawn_at=now):
        version.withdrawn_at = now
        TrafficSplit.objects.filter(Q(base=version) | Q(candidate=version)).delete()
        _audit(by, version.algorithm, "version.withdraw", version)
    # Not robust: whoever withdraws must learn that the gateways could not be told, and try again.
    transaction.on_commit(lambda: publish_algorithms_now([version.algorithm_id]))
    return version


@transaction.atomic
def _insert_build(algorithm: Algorithm, source_hash: str, settings: BuildSettings, by: User) -> Build:
    lock_algorithm(algorithm.pk)
    kept = msgspec.to_builtins(settings)
    same = Build.objects.filter(algorithm=algorithm, source_hash=source_hash, settings=kept)
    existing = same.exclude(state__in=ENDED_BADLY).order_by("-created_at").first()
    if existing:
        return existing
    _check_room(algorithm)
    build = Build.objects.create(
        algorithm=algorithm,
        created_by=by,
        source_hash=source_hash,
        entry=settings.entry,
        settings=kept,
        created_at=timezone.now(),
    )
    _audit(by, algorithm, "build.start", build, source_hash=source_hash)
    transaction.on_commit(lambda: queue_build(build.id), robust=True)  # requeue_lost_builds mends a lost message
    return build


def _check_room(algorithm: Algorithm) -> None:
    waiting = Build.objects.filter(algorithm__organization=algorithm.organization_id, state=BuildState.QUEUED)
    if waiting.count() >= MOST_WAITING:
        raise TooMany(f"{MOST_WAITING} builds of {algorithm.organization.slug} wait: cancel some, or try later.")


@transaction.atomic
def cancel_build(*, build: Build, by: User) -> Build:
    """Takes it out of the queue, or stops it within a second. Raises NotFound, PermissionDenied, Conflict when over."""
    check_can_publish(_get_scope(build.algorithm, by))
    ended = {"finished_at": timezone.now(), "error": f"Cancelled by {by}."}
    if not any(
        move_build(build.pk, origin=origin, target=BuildState.CANCELLED, **ended)
        for origin in (BuildState.QUEUED, BuildState.BUILDING)
    ):
        raise Conflict("This build is over: there is nothing to cancel.")
    _audit(by, build.algorithm, "build.cancel", build)
    transaction.on_commit(lambda: queue_build(build.pk), robust=True)  # whose turn it is now
    return Build.objects.select_related("algorithm__organization").get(pk=build.pk)


def retry_build(*, build: Build, by: User) -> Build:
    """A new build of the source of one that ended badly.

    Raises NotFound, PermissionDenied, TooMany, Conflict, and InvalidInput when its environment has retired.
    """
    check_can_publish(_get_scope(build.algorithm, by))
    if build.state not in ENDED_BADLY:
        raise Conflict(f"The build is {build.state}: only one that failed or was cancelled is built again.")
    return _build_again(build, by)


def _build_again(build: Build, by: User) -> Build:
    settings = msgspec.convert(build.settings, BuildSettings)
    check_can_build(settings.environment)
    return _insert_build(build.algorithm, build.source_hash, settings, by)


def queue_build(build_id: uuid.UUID) -> None:
    """Hands a build that waits to the builders."""
    tell_readers(build_id)
    wake_builder()


def wake_builder() -> None:
    """Has a builder look for the build whose turn it is."""
    celery.send_task("algorithms.build_next")


def _insert_version(
    algorithm: Algorithm, build: Build, bump: Bump, texts: dict[str, str], results: Sequence[SampleResult], by: User
) -> Version:
    if build.state != BuildState.SUCCEEDED:
        raise Conflict(f"The build is {build.state}: only a build that succeeded can be published.")
    numbers = Version.objects.filter(algorithm=algorithm).values_list("major", "minor", "revision")
    number = next_number(max((VersionNumber(*row) for row in numbers), default=None), bump)
    settings = msgspec.convert(build.settings, BuildSettings)
    usual = texts.get("sample_input", settings.sample_input)
    samples = merge_samples(settings.samples, read_samples(algorithm.samples), usual)
    _check_samples_passed(algorithm, samples, results)
    texts["sample_input"] = usual or next((one.input for one in samples if one.content_type == "json"), "")
    return Version.objects.create(
        algorithm=algorithm,
        build=build,
        major=number.major,
        minor=number.minor,
        revision=number.revision,
        source_hash=build.source_hash,
        artifact=build.artifact,
        published_by=by,
        published_at=timezone.now(),
        sample_results=msgspec.to_builtins(tuple(results)),
        **{**msgspec.structs.asdict(settings), "samples": msgspec.to_builtins(samples), **texts},
    )


def _check_samples_passed(algorithm: Algorithm, samples: Sequence[Sample], results: Sequence[SampleResult]) -> None:
    """Raises Conflict where the author wants nothing to be published that changed."""
    if algorithm.on_change != OnChange.REFUSE:
        return
    passed = {result.name for result in results if result.verdict == "passed"}
    doubts = [result.sentence for result in results if result.verdict != "passed"]
    doubts += [f"{sample.name} was not run" for sample in samples if sample.name not in passed and not results]
    if doubts:
        raise Conflict(f"Not published, since its samples did not pass: {'; '.join(doubts)}.")


def _check_same_bump(version: Version, bump: Bump) -> Version:
    if bump_of(VersionNumber.parse(version.number)) != bump:
        raise Conflict(f"This build is published already, as {version.number}.")
    return version


def _set_texts(algorithm: Algorithm, texts: dict[str, Any]) -> None:
    """Sets the fields as they will be kept. Raises InvalidInput for the first that cannot be."""
    for name, value in texts.items():
        setattr(algorithm, name, _clean_tags(value) if name == "tags" else value)
    for name in ("summary", "readme", "environment"):
        check_storable(name, getattr(algorithm, name))
    for tag in algorithm.tags:
        check_storable("tags", tag)
    try:
        algorithm.clean_fields(exclude={"organization", "search", "trigrams"})
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise InvalidInput(field, messages[0]) from None


def _differs(algorithm: Algorithm, name: str, value: Any) -> bool:
    return bool(getattr(algorithm, name) != (_clean_tags(value) if name == "tags" else value))


def _clean_tags(tags: Sequence[str]) -> list[str]:
    """Lower case, each once, in the author's order."""
    cleaned = list(dict.fromkeys(tag.strip().lower() for tag in tags if tag.strip()))
    if len(cleaned) > MOST_TAGS:
        raise InvalidInput("tags", f"An algorithm may have {MOST_TAGS} tags.")
    return cleaned


def _get_scope(algorithm: Algorithm, by: User) -> AccessibleOrganization:
    return get_accessible_organization(user=by, slug=algorithm.organization.slug)


def _publish_after_commit(algorithm: Algorithm) -> None:
    # Robust: the next refresh of the directory mends what could not be told now.
    transaction.on_commit(lambda: publish_algorithms_now([algorithm.id]), robust=True)


def _audit(by: User, algorithm: Algorithm, action: str, subject: Algorithm | Build | Version, **details: Any) -> None:
    record(
        actor=by,
        organization_id=algorithm.organization_id,
        action=action,
        subject_label=str(subject),
        subject_id=subject.pk,
        details=details,
    )
