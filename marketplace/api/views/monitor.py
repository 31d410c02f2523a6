"""What runs now, and orders to it: an organization's own; everything, for administrators of the platform."""

import uuid

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.api.permissions import check_is_administrator, get_person, get_scope
from marketplace.api.schema import ERRORS
from marketplace.api.serializers.monitor import DrainSerializer, PictureSerializer
from marketplace.monitor.selectors import look_at_organization, look_at_platform, name_payers, name_users
from marketplace.monitor.services import end_call, end_slot, set_draining

ALL = OpenApiParameter("all", OpenApiTypes.BOOL, description="Everything: for administrators of the platform.")


class MonitorView(APIView):
    """/v1/monitor"""

    @extend_schema(operation_id="get_monitor", parameters=[ALL], responses={200: PictureSerializer, **ERRORS})
    def get(self, request: Request) -> Response:
        """The calls that the key's organization pays for, and the slots and queues of its algorithms, now."""
        if _wants_all(request):
            picture = look_at_platform(user=get_person(request))
        else:
            picture = look_at_organization(scope=get_scope(request))
        context = {"payers": name_payers(picture), "users": name_users(picture)}
        return Response(PictureSerializer(picture, context=context).data)


class EndCallView(APIView):
    """/v1/monitor/calls/:call_id/end"""

    @extend_schema(operation_id="end_call", parameters=[ALL], request=None, responses={204: None, **ERRORS})
    def post(self, request: Request, call_id: uuid.UUID) -> Response:
        """End a running call: its caller gets 409 CancelledError, and owes the time that it ran."""
        scope = None if _wants_all(request) else get_scope(request)
        user = get_person(request) if scope is None else scope.user
        end_call(user=user, scope=scope, call_id=str(call_id))
        return Response(status=status.HTTP_204_NO_CONTENT)


class EndSlotView(APIView):
    """/v1/monitor/nodes/:node/slots/:slot/end"""

    @extend_schema(operation_id="end_slot", request=None, responses={204: None, **ERRORS})
    def post(self, request: Request, node: str, slot: int) -> Response:
        """End a slot, after the call that it runs. For administrators of the platform."""
        check_is_administrator(request)
        end_slot(user=get_person(request), node=node, slot_id=slot)
        return Response(status=status.HTTP_204_NO_CONTENT)


class DrainView(APIView):
    """/v1/monitor/nodes/:node/drain"""

    @extend_schema(operation_id="drain_node", request=DrainSerializer, responses={204: None, **ERRORS})
    def put(self, request: Request, node: str) -> Response:
        """Have a machine begin no more calls, or take them again. For administrators of the platform."""
        check_is_administrator(request)
        body = DrainSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        set_draining(user=get_person(request), node=node, draining=body.validated_data["draining"])
        return Response(status=status.HTTP_204_NO_CONTENT)


def _wants_all(request: Request) -> bool:
    return request.query_params.get("all", "").lower() in {"true", "1"}
