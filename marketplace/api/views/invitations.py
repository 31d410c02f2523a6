"""Invitations of an organization: sent by mail, listed, taken back."""

import uuid

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.api.pagination import paginate
from marketplace.api.permissions import get_administered
from marketplace.api.schema import ERRORS, PAGING
from marketplace.api.serializers.invitations import InvitationInputSerializer, InvitationSerializer
from marketplace.api.serializers.pages import page_of
from marketplace.organizations.invitations import get_invitation, invite, list_invitations, take_back
from marketplace.organizations.permissions import check_can_manage_members


class InvitationsView(APIView):
    """/v1/organizations/:organization/invitations"""

    @extend_schema(
        operation_id="list_invitations", parameters=PAGING, responses={200: page_of(InvitationSerializer), **ERRORS}
    )
    def get(self, request: Request, organization: str) -> Response:
        """The open invitations, newest first; for those who may manage members, since they hold addresses."""
        scope = get_administered(request, organization)
        check_can_manage_members(scope)
        rows = list_invitations(scope=scope)
        return Response(paginate(request, rows, lambda found: InvitationSerializer(found, many=True).data))

    @extend_schema(
        operation_id="create_invitation",
        request=InvitationInputSerializer,
        responses={201: InvitationSerializer, **ERRORS},
    )
    def post(self, request: Request, organization: str) -> Response:
        """Invite somebody by mail, who need have no account yet. One that is open for the address is renewed."""
        scope = get_administered(request, organization)
        body = InvitationInputSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        invitation = invite(scope=scope, now=timezone.now(), **body.validated_data)
        return Response(InvitationSerializer(invitation).data, status=status.HTTP_201_CREATED)


class InvitationView(APIView):
    """/v1/organizations/:organization/invitations/:id"""

    @extend_schema(operation_id="get_invitation", responses={200: InvitationSerializer, **ERRORS})
    def get(self, request: Request, organization: str, invitation_id: uuid.UUID) -> Response:
        """An open invitation; 404 once it was accepted, declined or taken back."""
        scope = get_administered(request, organization)
        check_can_manage_members(scope)
        return Response(InvitationSerializer(get_invitation(scope=scope, invitation_id=invitation_id)).data)

    @extend_schema(operation_id="revoke_invitation", responses={204: None, **ERRORS})
    def delete(self, request: Request, organization: str, invitation_id: uuid.UUID) -> Response:
        """Take an invitation back: the link that was mailed does nothing any more."""
        scope = get_administered(request, organization)
        take_back(scope=scope, invitation_id=invitation_id, now=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)
