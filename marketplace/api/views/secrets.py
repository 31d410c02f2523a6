"""Secrets of an algorithm: environment variables of its slots."""

import uuid

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.algorithms.models import AlgorithmSecret
from marketplace.algorithms.organization_secrets import (
    delete_organization_secret,
    list_organization_secrets,
    set_organization_secret,
)
from marketplace.algorithms.secrets import delete_secret, edit_secret, get_secret, list_secrets, set_secret
from marketplace.api.pagination import paginate
from marketplace.api.permissions import get_owned, get_scope, get_user
from marketplace.api.schema import ERRORS, PAGING
from marketplace.api.serializers.pages import page_of
from marketplace.api.serializers.secrets import (
    PROVIDER_ID,
    NewOrganizationSecretSerializer,
    NewSecretSerializer,
    OrganizationSecretSerializer,
    SecretInputSerializer,
    SecretProviderSerializer,
    SecretSerializer,
)


class SecretProvidersView(APIView):
    """/v1/secret-provider"""

    permission_classes = [AllowAny]

    @extend_schema(operation_id="list_secret_providers", responses={200: SecretProviderSerializer(many=True), **ERRORS})
    def get(self, request: Request) -> Response:  # noqa: ARG002 - DRF's signature
        """Who keeps secrets: the platform itself."""
        description = "Sealed in the platform's database."
        provider = {"id": PROVIDER_ID, "name": "Agora", "description": description, "is_enabled": True}
        return Response(SecretProviderSerializer([{**provider, "is_default": True}], many=True).data)


class SecretsView(APIView):
    """/v1/algorithms/:owner/:name/secrets"""

    @extend_schema(operation_id="list_secrets", parameters=PAGING, responses={200: page_of(SecretSerializer), **ERRORS})
    def get(self, request: Request, owner: str, name: str) -> Response:
        """The secrets of an algorithm, without their values."""
        algorithm = get_owned(request, owner, name)
        secrets = list_secrets(scope=get_scope(request, owner), algorithm=algorithm)
        return Response(paginate(request, secrets, lambda rows: SecretSerializer(rows, many=True).data))

    @extend_schema(
        operation_id="set_secret",
        request=NewSecretSerializer,
        responses={200: SecretSerializer, 201: SecretSerializer, **ERRORS},
    )
    def post(self, request: Request, owner: str, name: str) -> Response:
        """Keep a value for a variable: 201 for a new one, 200 for one that is replaced. Calls find it in seconds."""
        algorithm = get_owned(request, owner, name)
        body = NewSecretSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        given = {key: body.validated_data[key] for key in ("variable", "value", "label")}
        description = body.validated_data.get("description", "")
        secret, new = set_secret(algorithm=algorithm, by=get_user(request), description=description, **given)
        code = status.HTTP_201_CREATED if new else status.HTTP_200_OK
        return Response(SecretSerializer(secret).data, status=code)


class OrganizationSecretsView(APIView):
    """/v1/organizations/:organization/secrets"""

    @extend_schema(
        operation_id="list_organization_secrets",
        parameters=PAGING,
        responses={200: page_of(OrganizationSecretSerializer), **ERRORS},
    )
    def get(self, request: Request, organization: str) -> Response:
        """The secrets that all algorithms of an organization have, without their values."""
        secrets = list_organization_secrets(scope=get_scope(request, organization))
        return Response(paginate(request, secrets, lambda rows: OrganizationSecretSerializer(rows, many=True).data))

    @extend_schema(
        operation_id="set_organization_secret",
        request=NewOrganizationSecretSerializer,
        responses={200: OrganizationSecretSerializer, 201: OrganizationSecretSerializer, **ERRORS},
    )
    def post(self, request: Request, organization: str) -> Response:
        """Keep a value for a variable of all algorithms; one of the algorithm's own goes before it."""
        scope = get_scope(request, organization)
        body = NewOrganizationSecretSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        given = {key: body.validated_data[key] for key in ("variable", "value", "label")}
        description = body.validated_data.get("description", "")
        secret, new = set_organization_secret(scope=scope, description=description, **given)
        code = status.HTTP_201_CREATED if new else status.HTTP_200_OK
        return Response(OrganizationSecretSerializer(secret).data, status=code)


class OrganizationSecretView(APIView):
    """/v1/organizations/:organization/secrets/:id"""

    @extend_schema(operation_id="delete_organization_secret", responses={204: None, **ERRORS})
    def delete(self, request: Request, organization: str, secret_id: uuid.UUID) -> Response:
        """Take a secret away: calls find it no longer within seconds."""
        delete_organization_secret(scope=get_scope(request, organization), secret_id=secret_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


class SecretView(APIView):
    """/v1/algorithms/:owner/:name/secrets/:id"""

    @extend_schema(
        operation_id="edit_secret", request=SecretInputSerializer, responses={200: SecretSerializer, **ERRORS}
    )
    def put(self, request: Request, owner: str, name: str, secret_id: uuid.UUID) -> Response:
        """Change a secret; what is left out stays as it is."""
        secret = self._find(request, owner, name, secret_id)
        body = SecretInputSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        edited = edit_secret(secret=secret, by=get_user(request), **body.validated_data)
        return Response(SecretSerializer(edited).data)

    @extend_schema(operation_id="delete_secret", responses={204: None, **ERRORS})
    def delete(self, request: Request, owner: str, name: str, secret_id: uuid.UUID) -> Response:
        """Take a secret away: calls find it no longer within seconds."""
        delete_secret(secret=self._find(request, owner, name, secret_id), by=get_user(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _find(self, request: Request, owner: str, name: str, secret_id: uuid.UUID) -> AlgorithmSecret:
        algorithm = get_owned(request, owner, name)
        return get_secret(scope=get_scope(request, owner), algorithm=algorithm, secret_id=secret_id)
