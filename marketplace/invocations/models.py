"""Calls that may wait: what was asked, how far it is, and what came of it."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from marketplace.organizations.models import Organization


class CallState(models.TextChoices):
    """Where a call that may wait stands."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


CALL_TRANSITIONS: dict[CallState, frozenset[CallState]] = {
    CallState.QUEUED: frozenset({CallState.RUNNING, CallState.CANCELLED}),
    # Back to the queue when the worker died in the middle, or the platform could not run it just then.
    CallState.RUNNING: frozenset({CallState.SUCCEEDED, CallState.FAILED, CallState.CANCELLED, CallState.QUEUED}),
    CallState.SUCCEEDED: frozenset(),
    CallState.FAILED: frozenset(),
    CallState.CANCELLED: frozenset(),
}
"""The only moves there are; call_states.move_call makes them, by compare-and-set."""
UNFINISHED = (CallState.QUEUED, CallState.RUNNING)


class Batch(models.Model):
    """Calls of one version, asked for at once."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    root_id = models.UUIDField(null=True)
    """As in AsyncCall."""
    algorithm = models.CharField(max_length=129)
    version = models.CharField(max_length=32)
    size = models.PositiveIntegerField()
    idempotency_key = models.CharField(max_length=255, null=True)  # noqa: DJ001 - null is not unique, "" would be
    fingerprint = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "idempotency_key"], name="batch_idempotency_key_unique")
        ]
        indexes = [models.Index(fields=["created_at"], name="batch_created")]

    def __str__(self) -> str:
        return f"batch {self.id} of {self.algorithm}"


class AsyncCall(models.Model):
    """A call that may wait (`output=void`, or one of a batch). The organization pays."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    key_id = models.UUIDField(null=True)
    """The API key that asked; None for one who asked by a right to call."""
    root_id = models.UUIDField(null=True)
    """The first call of the tree, for one that an algorithm asked for; `parent_id` and `depth` as in CallToken."""
    parent_id = models.UUIDField(null=True)
    depth = models.PositiveSmallIntegerField(default=0)
    batch = models.ForeignKey(Batch, null=True, on_delete=models.CASCADE, related_name="calls")
    position = models.PositiveIntegerField(default=0)
    """In the batch, from 0."""
    algorithm = models.CharField(max_length=129)
    """`owner/name`"""
    version = models.CharField(max_length=32)
    """The number that the caller's selector named when they asked."""
    timeout = models.PositiveSmallIntegerField()
    """Seconds."""
    bounds = models.JSONField(default=dict)
    """Of the tree of calls that it was asked for in: the `most_…` of its CallToken."""
    bounds_query = models.CharField(max_length=100, blank=True)
    """Of the tree below it, as its caller wrote them: `max_depth`, `max_calls` and `max_cost`."""
    content_type = models.CharField(max_length=16)
    """An InputKind (requests.py)."""
    input = models.BinaryField(null=True)
    """None if it is in object storage (contents.py); the same holds for `answer`."""
    state = models.CharField(max_length=16, choices=CallState, default=CallState.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    """How many workers began it."""
    put_off = models.PositiveSmallIntegerField(default=0)
    """How often the platform could not run it just then."""
    due_at = models.DateTimeField()
    """Not to be begun before."""
    call_id = models.UUIDField(null=True)
    """The recorded call (billing), once it has run."""
    status = models.PositiveSmallIntegerField(null=True)
    """The HTTP status of the answer; None while there is none."""
    answer = models.BinaryField(null=True)
    """The body of the answer, JSON."""
    idempotency_key = models.CharField(max_length=255, null=True)  # noqa: DJ001 - null is not unique, "" would be
    fingerprint = models.CharField(max_length=64, blank=True)
    """SHA-256 of what was asked with the idempotency key, hex."""
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=CallState.values), name="async_call_state_known"),
            models.UniqueConstraint(
                fields=["organization", "idempotency_key"], name="async_call_idempotency_key_unique"
            ),
        ]
        indexes = [
            models.Index(
                fields=["organization", "-created_at"], condition=Q(batch=None), name="async_call_organization"
            ),
            models.Index(fields=["batch", "position"], name="async_call_batch"),
            models.Index(fields=["batch", "position"], condition=Q(state=CallState.QUEUED), name="async_call_queued"),
            models.Index(fields=["started_at"], condition=Q(state=CallState.RUNNING), name="async_call_running"),
            models.Index(fields=["finished_at"], name="async_call_finished"),
            models.Index(fields=["organization"], condition=Q(state__in=UNFINISHED), name="async_call_unfinished"),
        ]

    def __str__(self) -> str:
        return f"{self.request_id} of {self.algorithm}"

    @property
    def request_id(self) -> str:
        """`req-<id>`, as callers know it."""
        return f"req-{self.id}"


class DeliveryState(models.TextChoices):
    """Where the delivery of a result stands."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"


class Delivery(models.Model):
    """A call's result, on its way to a webhook."""

    call = models.OneToOneField(AsyncCall, primary_key=True, on_delete=models.CASCADE, related_name="delivery")
    url = models.CharField(max_length=2000)
    state = models.CharField(max_length=16, choices=DeliveryState, default=DeliveryState.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    """When it is tried next; None before the call has finished, and after the delivery has."""
    last_status = models.PositiveSmallIntegerField(null=True)
    """What the receiver answered last; None if it did not."""
    last_error = models.CharField(max_length=300, blank=True)
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(state__in=DeliveryState.values), name="delivery_state_known")]
        indexes = [models.Index(fields=["due_at"], condition=Q(state=DeliveryState.WAITING), name="delivery_waiting")]

    def __str__(self) -> str:
        return f"delivery of {self.call_id} to {self.url}"


class WebhookSecret(models.Model):
    """Which secret signs an organization's webhooks: its generation. The text follows from it (webhook_secrets.py)."""

    organization = models.OneToOneField(Organization, primary_key=True, on_delete=models.CASCADE, related_name="+")
    generation = models.PositiveIntegerField(default=1)
    rotated_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"webhook secret {self.generation} of {self.organization}"
