"""The organization that a key acts for: its keys, its balance, its calls."""

import uuid

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing import api as billing
from marketplace.api.pagination import bad_marker, paginate, read_limit, read_marker, write_page
from marketplace.api.permissions import get_scope
from marketplace.api.schema import ERRORS, PAGING
from marketplace.api.serializers.organizations import (
    BalanceSerializer,
    CallSerializer,
    KeyInputSerializer,
    KeySerializer,
    NewKeySerializer,
    OrganizationSerializer,
    OrganizationsSerializer,
)
from marketplace.api.serializers.pages import page_of
from marketplace.invocations.selectors import list_calls
from marketplace.organizations.selectors import get_api_key, list_api_keys
from marketplace.organizations.services import create_api_key, revoke_api_key


class OrganizationsView(APIView):
    """/v1/organizations"""

    @extend_schema(operation_id="list_organizations", responses={200: OrganizationsSerializer, **ERRORS})
    def get(self, request: Request) -> Response:
        """The organization that this key acts for."""
        return Response(OrganizationsSerializer({"results": [get_scope(request).organization]}).data)


class OrganizationView(APIView):
    """/v1/organizations/:organization"""

    @extend_schema(operation_id="get_organization", responses={200: OrganizationSerializer, **ERRORS})
    def get(self, request: Request, organization: str) -> Response:
        """An organization."""
        return Response(OrganizationSerializer(get_scope(request, organization).organization).data)


class KeysView(APIView):
    """/v1/organizations/:organization/keys"""

    @extend_schema(operation_id="list_keys", parameters=PAGING, responses={200: page_of(KeySerializer), **ERRORS})
    def get(self, request: Request, organization: str) -> Response:
        """The organization's keys: those in use first, newest first."""
        keys = list_api_keys(scope=get_scope(request, organization))
        return Response(paginate(request, keys, lambda rows: KeySerializer(rows, many=True).data))

    @extend_schema(operation_id="create_key", request=KeyInputSerializer, responses={201: NewKeySerializer, **ERRORS})
    def post(self, request: Request, organization: str) -> Response:
        """Make a key. Its text is in this answer and nowhere else."""
        scope = get_scope(request, organization)
        body = KeyInputSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        made = create_api_key(organization=scope.organization, name=body.validated_data["name"], by=scope.user)
        answer = {**KeySerializer(made.row).data, "key": made.text}
        return Response(answer, status=status.HTTP_201_CREATED)


class KeyView(APIView):
    """/v1/organizations/:organization/keys/:id"""

    @extend_schema(operation_id="revoke_key", responses={204: None, **ERRORS})
    def delete(self, request: Request, organization: str, key_id: uuid.UUID) -> Response:
        """Revoke a key: calls with it fail within a second."""
        scope = get_scope(request, organization)
        revoke_api_key(key=get_api_key(scope=scope, key_id=key_id), by=scope.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


class BalanceView(APIView):
    """/v1/organizations/:organization/balance"""

    @extend_schema(operation_id="get_balance", responses={200: BalanceSerializer, **ERRORS})
    def get(self, request: Request, organization: str) -> Response:
        """What the organization can spend, and what its algorithms earned."""
        organization_id = get_scope(request, organization).organization.id
        amounts = {
            "balance_microcredits": billing.get_balance(organization_id),
            "earnings_microcredits": billing.get_earnings(organization_id),
        }
        return Response(BalanceSerializer(amounts).data)


class CallsView(APIView):
    """/v1/organizations/:organization/calls"""

    @extend_schema(operation_id="list_calls", parameters=PAGING, responses={200: page_of(CallSerializer), **ERRORS})
    def get(self, request: Request, organization: str) -> Response:
        """The calls that the organization paid for, newest first."""
        scope, limit = get_scope(request, organization), read_limit(request)
        calls = list_calls(scope=scope, limit=limit + 1, before=_read_call_id(request))
        following = str(calls[limit - 1].record.call_id) if len(calls) > limit else None
        return Response(write_page(request, list(CallSerializer(calls[:limit], many=True).data), following))


def _read_call_id(request: Request) -> uuid.UUID | None:
    text = read_marker(request)
    try:
        return uuid.UUID(text) if text else None
    except ValueError:
        raise bad_marker() from None
