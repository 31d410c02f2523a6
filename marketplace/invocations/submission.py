"""Takes calls that may wait, alone or as a batch, and takes them back."""

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

import redis
from django.conf import settings
from django.db import IntegrityError, transaction

from marketplace.algorithms.models import Version
from marketplace.celery import app as celery
from marketplace.errors import Conflict, TooMany
from marketplace.invocations.call_states import move_call
from marketplace.invocations.contents import delete_contents, store_content
from marketplace.invocations.models import UNFINISHED, AsyncCall, Batch, CallState, Delivery
from marketplace.invocations.news import tell_finished
from marketplace.invocations.requests import InputKind
from marketplace.organizations.selectors import AccessibleOrganization

LANES = 4
"""How many calls of one batch run at once: a batch must not keep the calls of others waiting."""
INSERTED_AT_ONCE = 500
QUEUE = settings.CELERY_TASK_ROUTES["invocations.make_call"]["queue"]
KnownT = TypeVar("KnownT", AsyncCall, Batch)
OTHER_REQUEST = "This idempotency key was used for another request: use a new one for each."


@dataclass(frozen=True)
class Origin:
    """Who asks: by an API key, or from inside a call (see CallToken)."""

    key_id: uuid.UUID | None = None
    root_id: uuid.UUID | None = None
    parent_id: uuid.UUID | None = None
    depth: int = 0
    bounds: Mapping[str, int] = field(default_factory=dict)
    """The `most_…` that the right to call has."""


@dataclass(frozen=True)
class Order:
    """What is asked of a version."""

    version: Version
    timeout: int
    """Seconds."""
    bounds_query: str = ""
    """As in AsyncCall."""
    webhook: str | None = None
    """An address that check_webhook_url accepted."""
    idempotency_key: str | None = None
    """At most 255 characters."""


@dataclass(frozen=True)
class Input:
    """What an algorithm gets."""

    kind: InputKind
    body: bytes


def submit_call(
    *, scope: AccessibleOrganization, order: Order, content: Input, origin: Origin, now: datetime
) -> tuple[AsyncCall, bool]:
    """Queues a call; True when it is one that the same idempotency key asked for before. Raises Conflict, TooMany."""
    fingerprint = _fingerprint(order, [content])
    if (known := _find_known(AsyncCall, scope, order, fingerprint)) is not None:
        return known, True
    _check_room(scope, 1)
    call = _new_call(scope, order, content, origin, now)
    call.idempotency_key, call.fingerprint = order.idempotency_key, fingerprint
    try:
        with transaction.atomic():
            call.save(force_insert=True)
            if order.webhook:
                Delivery.objects.create(call=call, url=order.webhook)
            transaction.on_commit(lambda: queue_call(call.id), robust=True)  # the sweep mends a lost message
    except IntegrityError:  # the same key at the same time
        delete_contents(call.id)
        if (known := _find_known(AsyncCall, scope, order, fingerprint)) is None:
            raise
        return known, True
    return call, False


def submit_batch(
    *, scope: AccessibleOrganization, order: Order, contents: Sequence[Input], origin: Origin, now: datetime
) -> tuple[Batch, bool]:
    """Queues a call for each of `contents`; True when it was asked for before. Raises Conflict, TooMany."""
    fingerprint = _fingerprint(order, contents)
    if (known := _find_known(Batch, scope, order, fingerprint)) is not None:
        return known, True
    _check_room(scope, len(contents))
    batch = Batch(
        organization=scope.organization,
        root_id=origin.root_id,
        algorithm=order.version.algorithm.full_name,
        version=order.version.number,
        size=len(contents),
        idempotency_key=order.idempotency_key,
        fingerprint=fingerprint,
        created_at=now,
    )
    try:
        with transaction.atomic():
            batch.save(force_insert=True)
            _insert_calls(scope, batch, order, contents, origin, now)
            transaction.on_commit(lambda: queue_lanes(batch.id), robust=True)
    except IntegrityError:  # before any content was stored
        if (known := _find_known(Batch, scope, order, fingerprint)) is None:
            raise
        return known, True
    return batch, False


def cancel_call(*, call: AsyncCall, now: datetime) -> None:
    """A queued call never runs; one that runs is stopped in a moment. Raises Conflict for one that has finished."""
    for origin in UNFINISHED:
        if move_call(call.id, origin=origin, target=CallState.CANCELLED, finished_at=now):
            note_finished(call.id, now=now)
            return
    state = AsyncCall.objects.values_list("state", flat=True).get(pk=call.id)
    if state in UNFINISHED:  # it went from one to the other meanwhile
        cancel_call(call=call, now=now)
        return
    raise Conflict(
        f"The call has {state} already." if state != CallState.CANCELLED else "The call was cancelled before."
    )


def cancel_batch(*, batch: Batch, now: datetime) -> int:
    """Cancels what has not finished, and tells those who wait; how many those were."""
    with transaction.atomic():
        unfinished = AsyncCall.objects.filter(batch=batch, state__in=UNFINISHED).select_for_update(no_key=True)
        ids = list(unfinished.values_list("pk", flat=True))
        AsyncCall.objects.filter(pk__in=ids).update(state=CallState.CANCELLED, finished_at=now)
        transaction.on_commit(lambda: tell_finished(*ids), robust=True)
    return len(ids)


def note_finished(call_id: uuid.UUID, *, now: datetime) -> None:
    """After a call's last move: its webhook becomes due, and those who wait are told."""
    if Delivery.objects.filter(call=call_id, due_at=None).update(due_at=now):
        transaction.on_commit(lambda: queue_delivery(call_id), robust=True)
    transaction.on_commit(lambda: tell_finished(call_id), robust=True)


def queue_call(call_id: uuid.UUID, *, seconds: float = 0) -> None:
    """Hands the call to the callers, after so many seconds."""
    celery.send_task("invocations.make_call", kwargs={"call_id": str(call_id)}, countdown=seconds or None)


def is_queue_empty() -> bool:
    """Whether no message waits for a caller. Raises redis.RedisError."""
    with redis.Redis.from_url(settings.REDIS_URL, client_name="calls-queue") as client:
        return not client.llen(QUEUE)


def queue_lanes(batch_id: uuid.UUID) -> None:
    """Hands the batch to the callers. Safe to repeat: a lane that has a caller needs no other."""
    for lane in range(LANES):
        queue_lane(batch_id, lane)


def queue_lane(batch_id: uuid.UUID, lane: int, *, seconds: float = 0) -> None:
    """Hands one lane of it on, after so many seconds."""
    arguments = {"batch_id": str(batch_id), "lane": lane}
    celery.send_task("invocations.run_lane", kwargs=arguments, countdown=seconds or None)


def queue_delivery(call_id: uuid.UUID, *, seconds: float = 0) -> None:
    """Hands the delivery of a call's result to the callers, after so many seconds."""
    celery.send_task("invocations.deliver", kwargs={"call_id": str(call_id)}, countdown=seconds or None)


def _check_room(scope: AccessibleOrganization, more: int) -> None:
    """Raises TooMany. Requests of one moment do not see each other: what is bound is what would grow without end."""
    unfinished = AsyncCall.objects.filter(organization=scope.organization, state__in=UNFINISHED)
    if unfinished[: settings.CALLS_WAITING].count() + more > settings.CALLS_WAITING:
        raise TooMany(
            f"{scope.organization.slug} may have {settings.CALLS_WAITING} calls for later that have not finished:"
            " wait for some, or cancel them."
        )


def _find_known(model: type[KnownT], scope: AccessibleOrganization, order: Order, fingerprint: str) -> KnownT | None:
    if order.idempotency_key is None:
        return None
    known = model._default_manager.filter(
        organization=scope.organization, idempotency_key=order.idempotency_key
    ).first()
    if known is not None and known.fingerprint != fingerprint:
        raise Conflict(OTHER_REQUEST)
    return known


def _new_call(scope: AccessibleOrganization, order: Order, content: Input, origin: Origin, now: datetime) -> AsyncCall:
    call = AsyncCall(
        organization=scope.organization,
        created_by=scope.user,
        key_id=origin.key_id,
        root_id=origin.root_id,
        parent_id=origin.parent_id,
        depth=origin.depth,
        bounds=dict(origin.bounds),
        bounds_query=order.bounds_query,
        algorithm=order.version.algorithm.full_name,
        version=order.version.number,
        timeout=order.timeout,
        content_type=content.kind,
        due_at=now,
        created_at=now,
    )
    call.input = store_content(call.id, "input", content.body)
    return call


def _insert_calls(
    scope: AccessibleOrganization,
    batch: Batch,
    order: Order,
    contents: Sequence[Input],
    origin: Origin,
    now: datetime,
) -> None:
    for start in range(0, len(contents), INSERTED_AT_ONCE):
        calls = []
        for position, content in enumerate(contents[start : start + INSERTED_AT_ONCE], start):
            call = _new_call(scope, order, content, origin, now)
            call.batch, call.position = batch, position
            calls.append(call)
        AsyncCall.objects.bulk_create(calls)


def _fingerprint(order: Order, contents: Sequence[Input]) -> str:
    """Of what was asked; empty without an idempotency key."""
    if order.idempotency_key is None:
        return ""
    digest = hashlib.sha256(
        f"{order.version.algorithm_id}\n{order.timeout}\n{order.bounds_query}\n{order.webhook}".encode()
    )
    for content in contents:
        digest.update(f"\n{content.kind} {len(content.body)}\n".encode())
        digest.update(content.body)
    return digest.hexdigest()
