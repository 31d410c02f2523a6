"""Calls that may wait, and batches of them."""

from typing import Any

import msgspec
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.invocations.async_selectors import count_by_state
from marketplace.invocations.contents import read_content
from marketplace.invocations.models import AsyncCall, Batch, CallState, Delivery, DeliveryState


class DeliverySerializer(serializers.Serializer):
    """How far the result is on its way to the webhook."""

    url = serializers.CharField()
    state = serializers.ChoiceField(DeliveryState.choices)
    attempts = serializers.IntegerField()
    last_status = serializers.IntegerField(allow_null=True, help_text="What the receiver answered last.")
    last_error = serializers.CharField(help_text="Why the last attempt failed; empty if it did not.")
    due_at = serializers.DateTimeField(allow_null=True, help_text="When it is tried next.")
    delivered_at = serializers.DateTimeField(allow_null=True)


class AsyncCallLineSerializer(serializers.Serializer):
    """A call that may wait, without its answer."""

    request_id = serializers.CharField()
    state = serializers.ChoiceField(CallState.choices)
    algorithm = serializers.CharField(help_text="`owner/name`")
    version = serializers.CharField()
    batch_id = serializers.UUIDField(allow_null=True)
    attempts = serializers.IntegerField(help_text="How often it was begun.")
    call_id = serializers.UUIDField(allow_null=True, help_text="Of the recorded call, with what it used and cost.")
    status = serializers.IntegerField(
        allow_null=True, help_text="The HTTP status that a call that waits would have had."
    )
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    webhook = serializers.SerializerMethodField()

    def get_webhook(self, call: AsyncCall) -> DeliverySerializer(allow_null=True):  # type: ignore[valid-type]  # for the schema
        if call.batch_id is not None:
            return None
        try:
            return DeliverySerializer(call.delivery).data
        except Delivery.DoesNotExist:
            return None


ANY_ANSWER = {"oneOf": [{"$ref": f"#/components/schemas/{name}"} for name in ("Answer", "AnswerError")]}


@extend_schema_field({**ANY_ANSWER, "nullable": True})
class AnswerField(serializers.Field):
    """The body of the answer, as it was written."""

    def __init__(self, **options: Any) -> None:
        super().__init__(source="*", **options)

    def to_representation(self, call: AsyncCall) -> msgspec.Raw | None:
        return None if call.status is None else msgspec.Raw(read_content(call, "answer"))


class AsyncCallSerializer(AsyncCallLineSerializer):
    """A call that may wait."""

    answer = AnswerField(
        read_only=True, help_text="What a call that waits would have answered; null until it is there."
    )


class SmallAnswerField(AnswerField):
    """The same, but for answers that are too large for a page of them."""

    def to_representation(self, call: AsyncCall) -> msgspec.Raw | None:
        return None if call.answer is None else super().to_representation(call)


class BatchCallSerializer(serializers.Serializer):
    """One of a batch."""

    position = serializers.IntegerField(help_text="Of its input, from 0.")
    request_id = serializers.CharField()
    state = serializers.ChoiceField(CallState.choices)
    status = serializers.IntegerField(allow_null=True)
    answer = SmallAnswerField(
        read_only=True, help_text="null until it is there; of more than 64 KiB, at `/v1/calls/:request_id` only."
    )


class CountsSerializer(serializers.Serializer):
    """How many of the batch's calls are in each state."""

    queued = serializers.IntegerField()
    running = serializers.IntegerField()
    succeeded = serializers.IntegerField()
    failed = serializers.IntegerField()
    cancelled = serializers.IntegerField()


class BatchSerializer(serializers.Serializer):
    """A batch, without its results."""

    batch_id = serializers.UUIDField(source="id")
    algorithm = serializers.CharField()
    version = serializers.CharField()
    size = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    counts = serializers.SerializerMethodField()

    def get_counts(self, batch: Batch) -> CountsSerializer():  # type: ignore[valid-type]  # for the schema
        return dict(count_by_state(batch=batch))


class BatchPageSerializer(BatchSerializer):
    """A batch with a page of its results."""

    marker = serializers.CharField(allow_null=True, help_text="Send it as `marker` for the next page.")
    next_link = serializers.URLField(allow_null=True)
    results = BatchCallSerializer(many=True)


class WebhookSecretSerializer(serializers.Serializer):
    """What signs an organization's webhooks."""

    secret = serializers.CharField()
