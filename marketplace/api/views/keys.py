"""API keys of the organization that a key acts for."""

import uuid

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.api.pagination import paginate
from marketplace.api.permissions import get_scope
from marketplace.api.schema import ERRORS, PAGING
from marketplace.api.serializers.organizations import KeyInputSerializer, KeySerializer, NewKeySerializer
from marketplace.api.serializers.pages import page_of
from marketplace.organizations.key_permissions import check_can_grant
from marketplace.organizations.selectors import get_api_key, list_api_keys
from marketplace.organizations.services import create_api_key, revoke_api_key


class KeysView(APIView):
    """/v1/organizations/:organization/keys"""

    @extend_schema(operation_id="list_keys", parameters=PAGING, responses={200: page_of(KeySerializer), **ERRORS})
    def get(self, request: Request, organization: str) -> Response:
        """The organization's keys: those in use first, newest first."""
        keys = list_api_keys(scope=get_scope(request, organization))
        return Response(paginate(request, keys, lambda rows: KeySerializer(rows, many=True).data))

    @extend_schema(operation_id="create_key", request=KeyInputSerializer, responses={201: NewKeySerializer, **ERRORS})
    def post(self, request: Request, organization: str) -> Response:
        """Make a key, which may do at most what this one may, and is of its team. Its text is in this answer alone."""
        scope = get_scope(request, organization)
        body = KeyInputSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        permissions = body.permitted()
        check_can_grant(request.auth, permissions)
        name = body.validated_data["name"]
        made = create_api_key(
            organization=scope.organization,
            name=name,
            by=scope.user,
            permissions=permissions,
            team=request.auth.team,
        )
        answer = {**KeySerializer(made.row).data, "key": made.text}
        return Response(answer, status=status.HTTP_201_CREATED)


@extend_schema(exclude=True)
class PersonKeysView(KeysView):
    """/v1/users/:username/keys: those of the personal organization, which has the person's name"""


class KeyView(APIView):
    """/v1/organizations/:organization/keys/:id"""

    @extend_schema(operation_id="revoke_key", responses={204: None, **ERRORS})
    def delete(self, request: Request, organization: str, key_id: uuid.UUID) -> Response:
        """Revoke a key: calls with it fail within a second."""
        scope = get_scope(request, organization)
        revoke_api_key(key=get_api_key(scope=scope, key_id=key_id), by=scope.user)
        return Response(status=status.HTTP_204_NO_CONTENT)
