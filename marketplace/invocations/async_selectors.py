"""Reads of calls that may wait. Strangers, and algorithms in other trees of calls, find nothing."""

import uuid
from collections.abc import Collection, Mapping
from functools import reduce
from operator import or_

from django.db.models import Count, Q, QuerySet, Value
from django.db.models.functions import Concat

from marketplace.errors import NotFound
from marketplace.invocations.models import AsyncCall, Batch, CallState
from marketplace.organizations.selectors import AccessibleOrganization

KEPT_DAYS = 7


def list_async_calls(
    *, scope: AccessibleOrganization, root_id: uuid.UUID | None = None, beginnings: Collection[str] | None = None
) -> QuerySet[AsyncCall]:
    """The organization's calls outside batches, newest first, without inputs and answers.

    `root_id`: of that tree. `beginnings`: of the algorithms whose `owner/name/` begins with one of them.
    """
    calls = AsyncCall.objects.filter(organization=scope.organization, batch=None)
    if root_id is not None:
        calls = calls.filter(root_id=root_id)
    if beginnings is not None:
        named = [Q(reference__istartswith=beginning) for beginning in beginnings]
        calls = calls.alias(reference=Concat("algorithm", Value("/"))).filter(reduce(or_, named, Q(pk=None)))
    return calls.select_related("delivery").defer("input", "answer").order_by("-created_at", "-id")


def get_async_call(*, scope: AccessibleOrganization, call_id: uuid.UUID, root_id: uuid.UUID | None = None) -> AsyncCall:
    """Raises NotFound."""
    calls = AsyncCall.objects.filter(pk=call_id, organization=scope.organization)
    if root_id is not None:
        calls = calls.filter(root_id=root_id)
    call = calls.select_related("delivery").defer("input").first()
    if call is None:
        raise NotFound(f"There is no call req-{call_id}: calls are kept for {KEPT_DAYS} days after they have finished.")
    return call


def get_batch(*, scope: AccessibleOrganization, batch_id: uuid.UUID, root_id: uuid.UUID | None = None) -> Batch:
    """Raises NotFound."""
    batches = Batch.objects.filter(pk=batch_id, organization=scope.organization)
    if root_id is not None:
        batches = batches.filter(root_id=root_id)
    batch = batches.first()
    if batch is None:
        raise NotFound(f"There is no batch {batch_id}: batches are kept for {KEPT_DAYS} days.")
    return batch


def list_batch_calls(*, batch: Batch) -> QuerySet[AsyncCall]:
    """In the order in which they were sent."""
    return AsyncCall.objects.filter(batch=batch).defer("input").order_by("position")


def count_by_state(*, batch: Batch) -> Mapping[str, int]:
    """How many of the batch's calls are in each state."""
    counted = dict(AsyncCall.objects.filter(batch=batch).values_list("state").annotate(Count("pk")))
    return {state.value: counted.get(state.value, 0) for state in CallState}
