"""Publish and withdraw versions."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.algorithms.models import Algorithm, Build
from marketplace.algorithms.selectors import find_succeeded_build, get_build, get_version, list_versions
from marketplace.algorithms.services import publish_version, withdraw_version
from marketplace.api.access import IsManagerOrReadOnly
from marketplace.api.pagination import paginate
from marketplace.api.permissions import get_owned, get_scope, get_user, get_visible
from marketplace.api.schema import ERRORS, PAGING
from marketplace.api.serializers.algorithms import AlgorithmSerializer, describe_version, describe_versions
from marketplace.api.serializers.pages import page_of
from marketplace.api.serializers.versions import NewVersionSerializer
from marketplace.errors import Conflict, NotFound


class VersionsView(APIView):
    """/v1/algorithms/:owner/:name/versions"""

    permission_classes = [IsManagerOrReadOnly]

    @extend_schema(
        operation_id="list_versions", parameters=PAGING, responses={200: page_of(AlgorithmSerializer), **ERRORS}
    )
    def get(self, request: Request, owner: str, name: str) -> Response:
        """The versions of an algorithm, newest number first."""
        algorithm = get_visible(request, owner, name)

        def present(versions: list[Any]) -> list[Any]:
            return list(AlgorithmSerializer(describe_versions(algorithm, versions), many=True).data)

        return Response(paginate(request, list_versions(algorithm=algorithm), present))

    @extend_schema(
        operation_id="publish_version", request=NewVersionSerializer, responses={201: AlgorithmSerializer, **ERRORS}
    )
    def post(self, request: Request, owner: str, name: str) -> Response:
        """Publish a build that succeeded. Safe to repeat for the same build."""
        algorithm = get_owned(request, owner, name)
        body = NewVersionSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        version = publish_version(
            build=find_build(request, algorithm, body.validated_data),
            bump=body.validated_data["version_info"]["version_type"],
            release_notes=body.validated_data["version_info"]["release_notes"],
            royalty_per_call=body.validated_data["settings"]["royalty_microcredits"],
            by=get_user(request),
        )
        described = describe_version(algorithm, version)
        return Response(AlgorithmSerializer(described).data, status=status.HTTP_201_CREATED)


@extend_schema(exclude=True)
class VersionsAliasView(VersionsView):
    """/v1/algorithms/:owner/:name/version, which some clients use"""


class VersionView(APIView):
    """/v1/algorithms/:owner/:name/versions/:version"""

    permission_classes = [IsManagerOrReadOnly]

    @extend_schema(operation_id="get_version", responses={200: AlgorithmSerializer, **ERRORS})
    def get(self, request: Request, owner: str, name: str, version: str) -> Response:
        """The version that a number, part of one (`1.2`) or a source hash names."""
        algorithm = get_visible(request, owner, name)
        found = get_version(algorithm=algorithm, selector=version)
        return Response(AlgorithmSerializer(describe_version(algorithm, found)).data)

    @extend_schema(operation_id="withdraw_version", responses={204: None, **ERRORS})
    def delete(self, request: Request, owner: str, name: str, version: str) -> Response:
        """Take a version away from its callers. Name its whole number, or its source hash."""
        found = get_version(algorithm=get_owned(request, owner, name), selector=version)
        if version.lower() not in {found.number, found.source_hash}:
            raise NotFound(f"Name the whole number of the version to withdraw, such as {found.number}.")
        withdraw_version(version=found, by=get_user(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


def find_build(request: Request, algorithm: Algorithm, named: dict[str, Any]) -> Build:
    """The build to publish. Raises NotFound, Conflict."""
    if "build_id" in named:
        build = get_build(scope=get_scope(request), build_id=named["build_id"])
        if build.algorithm_id != algorithm.pk:
            raise NotFound("There is no such build.")
        return build
    found = find_succeeded_build(algorithm=algorithm, source_hash=named["source_hash"])
    if found is None:
        raise Conflict("No build of this source has succeeded: upload it first.")
    return found
