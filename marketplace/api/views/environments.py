"""What algorithms may be written in."""

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from execution.environments import list_available
from marketplace.api.schema import ERRORS
from marketplace.api.serializers.environments import EnvironmentsSerializer, LanguageSerializer
from marketplace.errors import NotFound


class LanguagesView(APIView):
    """/v1/algorithm-environments/edge/languages"""

    permission_classes = [AllowAny]

    @extend_schema(operation_id="list_languages", responses={200: LanguageSerializer(many=True), **ERRORS})
    def get(self, request: Request) -> Response:  # noqa: ARG002 - DRF's signature
        """The languages that algorithms may be written in."""
        by_language = {environment.language: environment for environment in list_available()}
        return Response(LanguageSerializer(by_language.values(), many=True).data)


class EnvironmentsView(APIView):
    """/v1/algorithm-environments/edge/languages/:language/environments"""

    permission_classes = [AllowAny]

    @extend_schema(operation_id="list_environments", responses={200: EnvironmentsSerializer, **ERRORS})
    def get(self, request: Request, language: str) -> Response:  # noqa: ARG002 - DRF's signature
        """The environments of a language on this platform."""
        found = [environment for environment in list_available() if environment.language == language]
        if not found:
            raise NotFound(f"There is no language {language}.")
        return Response(EnvironmentsSerializer({"environments": found}).data)
