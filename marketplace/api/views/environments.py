"""What algorithms may be written in."""

import io
import tarfile
from collections.abc import Mapping

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from execution.environments import find_environment, list_available
from marketplace.algorithms.environments import list_environments
from marketplace.api.schema import ERRORS
from marketplace.api.serializers.environments import EnvironmentsSerializer, LanguageSerializer
from marketplace.errors import NotFound

TEMPLATE_NAME = "algorithm"
"""What the algorithm of a template is called: clients ask for one without naming theirs."""


class LanguagesView(APIView):
    """/v1/algorithm-environments/edge/languages"""

    permission_classes = [AllowAny]

    @extend_schema(operation_id="list_languages", responses={200: LanguageSerializer(many=True), **ERRORS})
    def get(self, request: Request) -> Response:  # noqa: ARG002 - DRF's signature
        """The languages that algorithms may be written in."""
        by_language = {environment.language: environment for environment in list_available()}
        return Response(LanguageSerializer(by_language.values(), many=True).data)


class TemplateView(APIView):
    """/v1/algorithm-environments/edge/environment-specifications/:id/template"""

    permission_classes = [AllowAny]

    @extend_schema(operation_id="get_template", responses={(200, "application/gzip"): OpenApiTypes.BINARY, **ERRORS})
    def get(self, request: Request, environment_id: str) -> HttpResponse:  # noqa: ARG002 - DRF's signature
        """What `agora init` would write, as .tar.gz, for an algorithm called `algorithm`."""
        environment = find_environment(environment_id)
        if environment is None:
            raise NotFound(f"There is no environment {environment_id}.")
        archive = pack_texts(environment.template_files(TEMPLATE_NAME))
        return HttpResponse(archive, content_type="application/gzip")


class AllEnvironmentsView(APIView):
    """/v1/algorithm-environments/edge/environments"""

    permission_classes = [AllowAny]

    @extend_schema(operation_id="list_all_environments", responses={200: EnvironmentsSerializer, **ERRORS})
    def get(self, request: Request) -> Response:  # noqa: ARG002 - DRF's signature
        """The environments of all languages: how each stands, what to use instead, and until when its versions run."""
        return Response(EnvironmentsSerializer({"environments": list_environments()}).data)


def pack_texts(files: Mapping[str, str]) -> bytes:
    """A .tar.gz of texts by relative path."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for path, text in files.items():
            content = text.encode()
            entry = tarfile.TarInfo(path)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


class EnvironmentsView(APIView):
    """/v1/algorithm-environments/edge/languages/:language/environments"""

    permission_classes = [AllowAny]

    @extend_schema(operation_id="list_environments", responses={200: EnvironmentsSerializer, **ERRORS})
    def get(self, request: Request, language: str) -> Response:  # noqa: ARG002 - DRF's signature
        """The environments of a language on this platform."""
        found = [each for each in list_environments() if each.environment.language == language]
        if not found:
            raise NotFound(f"There is no language {language}.")
        return Response(EnvironmentsSerializer({"environments": found}).data)
