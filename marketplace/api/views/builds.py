"""Upload a source, and follow its build."""

import uuid
from collections.abc import Sequence
from typing import Any

import msgspec
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from execution.environments import find_environment
from marketplace.algorithms.build_queue import places_in_queue
from marketplace.algorithms.build_settings import BuildSettings
from marketplace.algorithms.models import Algorithm, Build
from marketplace.algorithms.selectors import get_build, list_builds
from marketplace.algorithms.services import LARGEST_SOURCE_BYTES, cancel_build, retry_build, start_build
from marketplace.api.errors import SourceTooLarge
from marketplace.api.pagination import paginate
from marketplace.api.permissions import get_owned, get_scope, get_user
from marketplace.api.schema import ERRORS, PAGING
from marketplace.api.serializers.builds import BuildInputSerializer, BuildLogSerializer, BuildSerializer
from marketplace.api.serializers.pages import page_of
from marketplace.api.views.algorithms import check_environment
from marketplace.errors import InvalidInput, NotFound

ROOM_FOR_FORM = 1024 * 1024
"""What an upload may have beside the archive."""


class BuildsView(APIView):
    """/v1/algorithms/:owner/:name/builds"""

    parser_classes = [MultiPartParser]

    @extend_schema(operation_id="list_builds", parameters=PAGING, responses={200: page_of(BuildSerializer), **ERRORS})
    def get(self, request: Request, owner: str, name: str) -> Response:
        """The builds of an algorithm, newest first."""
        algorithm = get_owned(request, owner, name)
        builds = list_builds(scope=get_scope(request, owner), algorithm=algorithm)
        return Response(paginate(request, builds, _show_all))

    @extend_schema(
        operation_id="start_build",
        request={"multipart/form-data": BuildInputSerializer},
        responses={201: BuildSerializer, **ERRORS},
    )
    def post(self, request: Request, owner: str, name: str) -> Response:
        """Upload a source archive. The same source with the same settings is built once."""
        check_upload_size(request)
        algorithm = get_owned(request, owner, name)
        body = BuildInputSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        build = start_build(
            algorithm=algorithm,
            source=body.validated_data["source"],
            settings=read_settings(body.validated_data.get("settings"), algorithm),
            by=get_user(request),
        )
        return Response(BuildSerializer(build).data, status=status.HTTP_201_CREATED)


class BuildView(APIView):
    """/v1/algorithms/:owner/:name/builds/:id"""

    @extend_schema(operation_id="get_build", responses={200: BuildSerializer, **ERRORS})
    def get(self, request: Request, owner: str, name: str, build_id: uuid.UUID) -> Response:
        """Where a build stands."""
        return Response(BuildSerializer(find_build(request, owner, name, build_id)).data)


class BuildLogView(APIView):
    """/v1/algorithms/:owner/:name/builds/:id/logs"""

    @extend_schema(operation_id="get_build_logs", responses={200: BuildLogSerializer, **ERRORS})
    def get(self, request: Request, owner: str, name: str, build_id: uuid.UUID) -> Response:
        """What a build has logged so far."""
        return Response({"logs": find_build(request, owner, name, build_id).log})


class CancelBuildView(APIView):
    """/v1/algorithms/:owner/:name/builds/:id/cancel"""

    @extend_schema(operation_id="cancel_build", request=None, responses={200: BuildSerializer, **ERRORS})
    def post(self, request: Request, owner: str, name: str, build_id: uuid.UUID) -> Response:
        """Take a build out of the queue, or stop it."""
        build = cancel_build(build=find_build(request, owner, name, build_id), by=get_user(request))
        return Response(BuildSerializer(build).data)


class RetryBuildView(APIView):
    """/v1/algorithms/:owner/:name/builds/:id/retry"""

    @extend_schema(operation_id="retry_build", request=None, responses={201: BuildSerializer, **ERRORS})
    def post(self, request: Request, owner: str, name: str, build_id: uuid.UUID) -> Response:
        """Build the source of a build that failed or was cancelled once more: a new build."""
        build = retry_build(build=find_build(request, owner, name, build_id), by=get_user(request))
        return Response(BuildSerializer(build).data, status=status.HTTP_201_CREATED)


def _show_all(builds: Sequence[Build]) -> Any:
    places = places_in_queue([build.pk for build in builds])
    return BuildSerializer(builds, many=True, context={"places": places}).data


def find_build(request: Request, owner: str, name: str, build_id: uuid.UUID) -> Build:
    """Raises NoSuchAlgorithm, NotFound."""
    algorithm = get_owned(request, owner, name)
    build = get_build(scope=get_scope(request, owner), build_id=build_id)
    if build.algorithm_id != algorithm.pk:
        raise NotFound("There is no such build.")
    return build


def check_upload_size(request: Request) -> None:
    """Before the body is read. Raises SourceTooLarge."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isdigit() and int(length) > LARGEST_SOURCE_BYTES + ROOM_FOR_FORM:
        raise SourceTooLarge(
            f"The archive is larger than {LARGEST_SOURCE_BYTES // 2**20} MiB: leave out what a call does not need."
        )


def read_settings(given: Any, algorithm: Algorithm) -> BuildSettings:
    """The settings of a build, with the algorithm's own and its usual entry unless others are named.

    Raises InvalidInput.
    """
    given = {} if given is None else given
    if not isinstance(given, dict):
        raise InvalidInput("settings", "Send a JSON object.")
    environment = given.get("environment") or algorithm.environment
    check_environment(environment)
    usual_settings = {"network": algorithm.network, "calls_others": algorithm.calls_others}
    found = find_environment(str(environment))
    usual = found.default_entry(algorithm.name) if found else ""
    try:
        return msgspec.convert(
            {**usual_settings, **given, "environment": environment, "entry": given.get("entry") or usual}, BuildSettings
        )
    except msgspec.ValidationError as error:
        raise InvalidInput("settings", f"{error}.") from None
    except UnicodeEncodeError:
        raise InvalidInput("settings", "A name or text in them holds half of a character.") from None
