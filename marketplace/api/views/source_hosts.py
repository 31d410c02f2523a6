"""Where the sources of algorithms are kept: on this platform."""

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.api.permissions import get_owned
from marketplace.api.schema import ERRORS
from marketplace.api.serializers.source_hosts import (
    SourceHostSerializer,
    SourceHostsSerializer,
    SourceStatusSerializer,
)
from marketplace.errors import NotFound

INTERNAL = "internal"


class SourceHostsView(APIView):
    """/v1/scms"""

    permission_classes = [AllowAny]

    @extend_schema(operation_id="list_source_hosts", responses={200: SourceHostsSerializer, **ERRORS})
    def get(self, request: Request) -> Response:  # noqa: ARG002 - DRF's signature
        """The places that keep sources. The platform itself is always one."""
        return Response(SourceHostsSerializer({"results": [describe_internal()]}).data)


class SourceHostView(APIView):
    """/v1/scms/:id"""

    permission_classes = [AllowAny]

    @extend_schema(operation_id="get_source_host", responses={200: SourceHostSerializer, **ERRORS})
    def get(self, request: Request, host_id: str) -> Response:  # noqa: ARG002 - DRF's signature
        """A place that keeps sources."""
        if host_id != INTERNAL:
            raise NotFound(f"There is no source host {host_id}.")
        return Response(SourceHostSerializer(describe_internal()).data)


class SourceStatusView(APIView):
    """/v1/algorithms/:owner/:name/scm/status"""

    @extend_schema(operation_id="get_source_status", responses={200: SourceStatusSerializer, **ERRORS})
    def get(self, request: Request, owner: str, name: str) -> Response:
        """Whether the platform can reach the source: always, while it keeps the source itself."""
        get_owned(request, owner, name)
        return Response(SourceStatusSerializer({"scm_connection_status": "active"}).data)


def describe_internal() -> dict[str, object]:
    """The platform as a keeper of sources."""
    address = settings.AGORA_ADDRESS
    return {
        "id": INTERNAL,
        "provider": INTERNAL,
        "name": "Agora",
        "default": True,
        "enabled": True,
        "oauth": {"client_id": None},
        "urls": {"web": address, "api": f"{address}/v1", "ssh": None},
    }
