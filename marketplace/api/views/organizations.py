"""Organizations: their profile and members; what the key's own one has, and which calls it paid for."""

import uuid

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing import api as billing
from marketplace.accounts.models import User
from marketplace.accounts.selectors import find_user
from marketplace.algorithms.closing import close_organization
from marketplace.api.pagination import bad_marker, paginate, read_limit, read_marker, write_page
from marketplace.api.permissions import get_administered, get_person, get_scope
from marketplace.api.schema import ERRORS, PAGING
from marketplace.api.serializers.organizations import (
    KIND_IDS,
    BalanceSerializer,
    CallSerializer,
    MemberInputSerializer,
    MemberSerializer,
    NewOrganizationSerializer,
    OrganizationInputSerializer,
    OrganizationSerializer,
    OrganizationsSerializer,
    OrganizationTypeSerializer,
)
from marketplace.api.serializers.pages import page_of
from marketplace.errors import NotFound
from marketplace.invocations.selectors import list_calls
from marketplace.organizations.models import Role
from marketplace.organizations.selectors import find_membership, list_members
from marketplace.organizations.services import add_member, create_organization, edit_organization, remove_member


class OrganizationTypesView(APIView):
    """/v1/organization/types"""

    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="list_organization_types", responses={200: OrganizationTypeSerializer(many=True), **ERRORS}
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002 - DRF's signature
        """The kinds of organization that there are. Nothing depends on which one is chosen."""
        kinds = [{"id": kind_id, "name": kind.value} for kind, kind_id in KIND_IDS.items()]
        return Response(OrganizationTypeSerializer(kinds, many=True).data)


class OrganizationsView(APIView):
    """/v1/organizations"""

    @extend_schema(operation_id="list_organizations", responses={200: OrganizationsSerializer, **ERRORS})
    def get(self, request: Request) -> Response:
        """The organization that this key acts for."""
        return Response(OrganizationsSerializer({"results": [get_scope(request).organization]}).data)

    @extend_schema(
        operation_id="create_organization",
        request=NewOrganizationSerializer,
        responses={201: OrganizationSerializer, **ERRORS},
    )
    def post(self, request: Request) -> Response:
        """Make an organization, and become its owner. The key must be one of your personal organization."""
        person = get_person(request)
        body = NewOrganizationSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        profile = dict(body.validated_data)
        slug, name = profile.pop("org_name"), profile.pop("name", "")
        made = create_organization(slug=slug, name=name, by=person, **profile)
        return Response(OrganizationSerializer(made).data, status=status.HTTP_201_CREATED)


class OrganizationView(APIView):
    """/v1/organizations/:organization"""

    @extend_schema(operation_id="get_organization", responses={200: OrganizationSerializer, **ERRORS})
    def get(self, request: Request, organization: str) -> Response:
        """An organization that the key, or its person, belongs to."""
        return Response(OrganizationSerializer(get_administered(request, organization).organization).data)

    @extend_schema(
        operation_id="edit_organization", request=OrganizationInputSerializer, responses={204: None, **ERRORS}
    )
    def put(self, request: Request, organization: str) -> Response:
        """Change what an organization says of itself; what is left out stays as it is."""
        scope = get_administered(request, organization)
        body = OrganizationInputSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        edit_organization(organization=scope.organization, by=scope.user, **body.validated_data)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        operation_id="delete_organization",
        parameters=[OpenApiParameter("forfeit", bool, description="Give up the credits that are left.")],
        responses={204: None, **ERRORS},
    )
    def delete(self, request: Request, organization: str) -> Response:
        """Delete an organization: its keys and algorithms stop working. 409 while money is due."""
        forfeit = request.query_params.get("forfeit", "").lower() in {"true", "1"}
        close_organization(scope=get_administered(request, organization), forfeit=forfeit, now=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class MembersView(APIView):
    """/v1/organizations/:organization/members"""

    @extend_schema(operation_id="list_members", parameters=PAGING, responses={200: page_of(MemberSerializer), **ERRORS})
    def get(self, request: Request, organization: str) -> Response:
        """The members of an organization, owners first."""
        members = list_members(scope=get_administered(request, organization))
        return Response(paginate(request, members, lambda rows: MemberSerializer(rows, many=True).data))


class MemberView(APIView):
    """/v1/organizations/:organization/members/:username"""

    @extend_schema(
        operation_id="add_member",
        request=MemberInputSerializer,
        responses={200: MemberSerializer, 201: MemberSerializer, **ERRORS},
    )
    def put(self, request: Request, organization: str, username: str) -> Response:
        """Make somebody a member, or change a member's role. 201 for a new member, 200 for one who was there."""
        scope = get_administered(request, organization)
        body = MemberInputSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        user = _find_person(username)
        before = find_membership(organization=scope.organization, user=user)
        role = Role(body.validated_data.get("role") or (before.role if before else Role.DEVELOPER))
        member = add_member(organization=scope.organization, user=user, role=role, by=scope.user)
        code = status.HTTP_200_OK if before else status.HTTP_201_CREATED
        return Response(MemberSerializer(member).data, status=code)

    @extend_schema(operation_id="remove_member", responses={204: None, **ERRORS})
    def delete(self, request: Request, organization: str, username: str) -> Response:
        """End a membership, and revoke the keys that the member made. Everybody may leave."""
        scope = get_administered(request, organization)
        remove_member(organization=scope.organization, user=_find_person(username), by=scope.user)
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


def _find_person(username: str) -> User:
    user = find_user(name_or_email=username)
    if user is None:
        raise NotFound(f"There is nobody called {username}.")
    return user


def _read_call_id(request: Request) -> uuid.UUID | None:
    text = read_marker(request)
    try:
        return uuid.UUID(text) if text else None
    except ValueError:
        raise bad_marker() from None
