"""Budgets of an organization, its members and keys, and limits of keys."""

import uuid

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.api.permissions import get_scope
from marketplace.api.schema import ERRORS
from marketplace.api.serializers.budgets import BudgetInputSerializer, BudgetSerializer, KeyLimitSerializer
from marketplace.organizations.limits import list_budgets, list_key_limits, remove_budget, set_budget, set_key_limit
from marketplace.organizations.selectors import AccessibleOrganization, get_api_key, list_members


class BudgetsView(APIView):
    """/v1/organizations/:organization/budgets"""

    @extend_schema(operation_id="list_budgets", responses={200: BudgetSerializer(many=True), **ERRORS})
    def get(self, request: Request, organization: str) -> Response:
        """The budgets, with what was spent of each in its current period."""
        scope = get_scope(request, organization)
        lines = list_budgets(scope=scope, at=timezone.now())
        return Response(BudgetSerializer(lines, many=True, context=_name_members(scope)).data)

    @extend_schema(
        operation_id="set_budget", request=BudgetInputSerializer, responses={200: BudgetSerializer, **ERRORS}
    )
    def post(self, request: Request, organization: str) -> Response:
        """Set a budget; another one of the same subject and period is replaced."""
        scope = get_scope(request, organization)
        body = BudgetInputSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        now = timezone.now()
        budget = set_budget(scope=scope, at=now, **body.validated_data)
        line = next(line for line in list_budgets(scope=scope, at=now) if line.budget.id == budget.id)
        return Response(BudgetSerializer(line, context=_name_members(scope)).data)


class BudgetView(APIView):
    """/v1/organizations/:organization/budgets/:budget_id"""

    @extend_schema(operation_id="remove_budget", responses={204: None, **ERRORS})
    def delete(self, request: Request, organization: str, budget_id: uuid.UUID) -> Response:
        """End a budget."""
        remove_budget(scope=get_scope(request, organization), budget_id=budget_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


class KeyLimitView(APIView):
    """/v1/organizations/:organization/keys/:key_id/limits"""

    @extend_schema(operation_id="get_key_limits", responses={200: KeyLimitSerializer, **ERRORS})
    def get(self, request: Request, organization: str, key_id: uuid.UUID) -> Response:
        """How fast the key may call."""
        scope = get_scope(request, organization)
        key = get_api_key(scope=scope, key_id=key_id)
        return Response(KeyLimitSerializer(list_key_limits(scope=scope).get(key.id, {})).data)

    @extend_schema(
        operation_id="set_key_limits", request=KeyLimitSerializer, responses={200: KeyLimitSerializer, **ERRORS}
    )
    def put(self, request: Request, organization: str, key_id: uuid.UUID) -> Response:
        """Limit how fast the key may call, within a second."""
        scope = get_scope(request, organization)
        body = KeyLimitSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        set_key_limit(scope=scope, key_id=key_id, **body.to_limits())
        return Response(KeyLimitSerializer(body.to_limits()).data)


def _name_members(scope: AccessibleOrganization) -> dict[str, object]:
    members = list_members(scope=scope).values_list("user_id", "user__username")
    return {"members": dict(members)}
