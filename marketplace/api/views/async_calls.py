"""Calls that may wait: ask for one, see what became of it, take it back."""

import uuid
from abc import abstractmethod
from typing import Any

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.api.authentication import CALLERS
from marketplace.api.call_orders import check_key, read_beginnings, read_input, read_order, read_origin, read_tree
from marketplace.api.pagination import paginate
from marketplace.api.permissions import get_scope
from marketplace.api.renderers import RawJsonRenderer
from marketplace.api.schema import ERRORS, PAGING
from marketplace.api.serializers.async_calls import AsyncCallLineSerializer, AsyncCallSerializer
from marketplace.api.serializers.pages import page_of
from marketplace.errors import InvalidInput
from marketplace.invocations.async_selectors import get_async_call, list_async_calls
from marketplace.invocations.models import AsyncCall
from marketplace.invocations.submission import Order, cancel_call, submit_call
from marketplace.organizations.permissions import check_can_call_algorithms
from marketplace.whole_numbers import read_whole_number

WEB = "/v1/web/"
ANY_SITE = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "*"}
PREFLIGHT = {
    "Access-Control-Allow-Methods": "POST, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Accept, Idempotency-Key, X-Agora-Webhook",
    "Access-Control-Max-Age": "86400",
}
LONGEST_WAIT = 60
REPLAYED = "Idempotency-Replayed"


class LaterView(APIView):
    """What calls that may wait have in common with those that do not, which the gateway answers."""

    authentication_classes = CALLERS
    permission_classes = [AllowAny]  # read_order wants a caller, and says so in the words that clients compare

    def post(
        self,
        request: Request,
        owner: str = "",
        name: str = "",
        algorithm_id: uuid.UUID | None = None,
        version: str | None = None,
    ) -> Response:
        """Queues what is asked for, if it was not before."""
        order = read_order(request, owner=owner, name=name, algorithm_id=algorithm_id, version=version or "")
        answer, replayed = self.submit(request, order)
        if replayed:
            answer.headers[REPLAYED] = "true"
        return answer

    @abstractmethod
    def submit(self, request: Request, order: Order) -> tuple[Response, bool]:
        """The answer, and whether the same idempotency key asked for it before."""

    def options(self, request: Request, *_: object, **__: object) -> Response:
        """Before a browser lets a page of another site call, it asks; for calls that wait too."""
        allowed = PREFLIGHT if request.path.startswith(WEB) else {}
        return Response(status=204, headers={"Allow": "POST, OPTIONS", **allowed})

    def finalize_response(self, request: Request, response: Any, *args: object, **kwargs: object) -> Any:
        if request.path.startswith(WEB):
            for header, text in ANY_SITE.items():
                response.headers[header] = text
        return super().finalize_response(request, response, *args, **kwargs)


@extend_schema(exclude=True)
class CallLaterView(LaterView):
    """/v1/algo/:owner/:name[/:version]?output=void (schema.py describes it)"""

    def submit(self, request: Request, order: Order) -> tuple[Response, bool]:
        """A call."""
        content = read_input(request)
        call, replayed = submit_call(
            scope=get_scope(request), order=order, content=content, origin=read_origin(request), now=timezone.now()
        )
        return Response({"async": "void", "request_id": call.request_id}), replayed


class AsyncCallsView(APIView):
    """/v1/calls"""

    authentication_classes = CALLERS
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="list_async_calls", parameters=PAGING, responses={200: page_of(AsyncCallLineSerializer), **ERRORS}
    )
    def get(self, request: Request) -> Response:
        """The calls that may wait, newest first; those of batches are with their batches."""
        calls = list_async_calls(
            scope=get_scope(request), root_id=read_tree(request), beginnings=read_beginnings(request)
        )
        return Response(paginate(request, calls, lambda rows: AsyncCallLineSerializer(rows, many=True).data))


class AsyncCallView(APIView):
    """/v1/calls/:request_id"""

    authentication_classes = CALLERS
    permission_classes = [IsAuthenticated]
    renderer_classes = [RawJsonRenderer]

    @extend_schema(
        operation_id="get_async_call",
        parameters=[
            OpenApiParameter(
                "wait", OpenApiTypes.INT, description=f"Seconds to wait for its end, at most {LONGEST_WAIT}."
            )
        ],
        responses={200: AsyncCallSerializer, **ERRORS},
    )
    def get(self, request: Request, call_id: uuid.UUID) -> Response:
        """Where a call stands, and its answer when there is one."""
        check_wait(request.query_params.get("wait", "0"))
        return Response(AsyncCallSerializer(find_call(request, call_id)).data)

    @extend_schema(operation_id="delete_async_call", responses={200: AsyncCallSerializer, **ERRORS})
    def delete(self, request: Request, call_id: uuid.UUID) -> Response:
        """Cancel a call: the same as POST to its `cancel`."""
        return cancel(request, call_id)


class CancelCallView(APIView):
    """/v1/calls/:request_id/cancel"""

    authentication_classes = CALLERS
    permission_classes = [IsAuthenticated]
    renderer_classes = [RawJsonRenderer]

    @extend_schema(operation_id="cancel_async_call", request=None, responses={200: AsyncCallSerializer, **ERRORS})
    def post(self, request: Request, call_id: uuid.UUID) -> Response:
        """Cancel a call: one that is queued never runs, one that runs is stopped. 409 once it has finished."""
        return cancel(request, call_id)


def cancel(request: Request, call_id: uuid.UUID) -> Response:
    """Raises NotFound, PermissionDenied, Conflict."""
    call = find_call(request, call_id)
    check_can_call_algorithms(get_scope(request))
    cancel_call(call=call, now=timezone.now())
    return Response(AsyncCallSerializer(find_call(request, call_id)).data)


def find_call(request: Request, call_id: uuid.UUID) -> AsyncCall:
    """Raises NotFound; PermissionDenied for a key that could not have made it."""
    call = get_async_call(scope=get_scope(request), call_id=call_id, root_id=read_tree(request))
    check_key(request, call.algorithm)
    return call


def check_wait(text: str) -> None:
    """Raises InvalidInput unless it is so many seconds."""
    if read_whole_number(text, least=0, most=LONGEST_WAIT) is None:
        raise InvalidInput("wait", f"wait must be a whole number of seconds from 0 to {LONGEST_WAIT}.")
