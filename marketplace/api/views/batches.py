"""Many calls of one version at once."""

import uuid

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.api.authentication import CALLERS
from marketplace.api.call_orders import check_key, read_inputs, read_origin, read_tree
from marketplace.api.pagination import paginate
from marketplace.api.permissions import get_scope
from marketplace.api.renderers import RawJsonRenderer
from marketplace.api.schema import ERRORS, PAGING
from marketplace.api.serializers.async_calls import BatchCallSerializer, BatchPageSerializer, BatchSerializer
from marketplace.api.views.async_calls import LaterView
from marketplace.errors import InvalidInput
from marketplace.invocations.async_selectors import get_batch, list_batch_calls
from marketplace.invocations.models import Batch
from marketplace.invocations.submission import Order, cancel_batch, submit_batch
from marketplace.organizations.permissions import check_can_call_algorithms


@extend_schema(exclude=True)
class BatchLaterView(LaterView):
    """/v1/algo/:owner/:name[/:version]/batch (schema.py describes it)"""

    def submit(self, request: Request, order: Order) -> tuple[Response, bool]:
        """A call for each input."""
        if order.webhook is not None:
            raise InvalidInput("webhook", "A batch has no webhook: look at it, or make calls with output=void.")
        scope, inputs = get_scope(request), read_inputs(request)
        batch, replayed = submit_batch(
            scope=scope, order=order, contents=inputs, origin=read_origin(request), now=timezone.now()
        )
        return Response(BatchSerializer(batch).data, status=status.HTTP_202_ACCEPTED), replayed


class BatchView(APIView):
    """/v1/batches/:id"""

    authentication_classes = CALLERS
    permission_classes = [IsAuthenticated]
    renderer_classes = [RawJsonRenderer]

    @extend_schema(operation_id="get_batch", parameters=PAGING, responses={200: BatchPageSerializer, **ERRORS})
    def get(self, request: Request, batch_id: uuid.UUID) -> Response:
        """How far a batch is, and its results in the order of their inputs."""
        batch = find_batch(request, batch_id)
        # Counted before the results are read: who sees that all is finished finds every answer.
        head = BatchSerializer(batch).data
        calls = list_batch_calls(batch=batch)
        page = paginate(request, calls, lambda rows: BatchCallSerializer(rows, many=True).data)
        return Response({**head, **page})

    @extend_schema(operation_id="delete_batch", responses={200: BatchSerializer, **ERRORS})
    def delete(self, request: Request, batch_id: uuid.UUID) -> Response:
        """Cancel a batch: the same as POST to its `cancel`."""
        return cancel(request, batch_id)


class CancelBatchView(APIView):
    """/v1/batches/:id/cancel"""

    authentication_classes = CALLERS
    permission_classes = [IsAuthenticated]

    @extend_schema(operation_id="cancel_batch", request=None, responses={200: BatchSerializer, **ERRORS})
    def post(self, request: Request, batch_id: uuid.UUID) -> Response:
        """Cancel those calls of a batch that have not finished."""
        return cancel(request, batch_id)


def cancel(request: Request, batch_id: uuid.UUID) -> Response:
    """Raises NotFound, PermissionDenied."""
    batch = find_batch(request, batch_id)
    check_can_call_algorithms(get_scope(request))
    cancel_batch(batch=batch, now=timezone.now())
    return Response(BatchSerializer(batch).data)


def find_batch(request: Request, batch_id: uuid.UUID) -> Batch:
    """Raises NotFound; PermissionDenied for a key that could not have made it."""
    batch = get_batch(scope=get_scope(request), batch_id=batch_id, root_id=read_tree(request))
    check_key(request, batch.algorithm)
    return batch
