"""Import an algorithm's source from a repository elsewhere."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.api.permissions import get_owned, get_scope
from marketplace.api.schema import ERRORS
from marketplace.api.serializers.imports import SourceImportInputSerializer, SourceImportSerializer
from marketplace.repositories.imports import end_import, get_import, set_import


class SourceImportView(APIView):
    """/v1/algorithms/:owner/:name/import"""

    @extend_schema(operation_id="get_source_import", responses={200: SourceImportSerializer, **ERRORS})
    def get(self, request: Request, owner: str, name: str) -> Response:
        """The repository whose pushes are built, and how the last fetch went."""
        found = get_import(algorithm=get_owned(request, owner, name), scope=get_scope(request, owner))
        return Response(SourceImportSerializer(found).data)

    @extend_schema(
        operation_id="set_source_import",
        request=SourceImportInputSerializer,
        responses={200: SourceImportSerializer, **ERRORS},
    )
    def put(self, request: Request, owner: str, name: str) -> Response:
        """Fetch and build a branch now, and whenever the host's webhook tells of a push to it."""
        algorithm = get_owned(request, owner, name)
        body = SourceImportInputSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        made = set_import(
            algorithm=algorithm, scope=get_scope(request, owner), now=timezone.now(), **body.validated_data
        )
        return Response(SourceImportSerializer(made).data)

    @extend_schema(operation_id="end_source_import", responses={204: None, **ERRORS})
    def delete(self, request: Request, owner: str, name: str) -> Response:
        """Follow it no longer. What was imported stays."""
        end_import(algorithm=get_owned(request, owner, name), scope=get_scope(request, owner))
        return Response(status=status.HTTP_204_NO_CONTENT)
