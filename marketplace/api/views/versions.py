"""Compile sources; publish and withdraw versions."""

import time
from typing import Any

from django.db import transaction
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.accounts.models import User
from marketplace.algorithms.models import Algorithm, Build, BuildState, Version
from marketplace.algorithms.selectors import (
    find_succeeded_build,
    get_build,
    get_newest_build,
    get_version,
    list_unpublished_builds,
    list_versions,
)
from marketplace.algorithms.services import publish_version, rebuild, update_algorithm, withdraw_version
from marketplace.algorithms.version_life import deprecate_version, end_deprecation, make_latest
from marketplace.api.access import IsManagerOrReadOnly
from marketplace.api.errors import BuildFailed, StillBuilding
from marketplace.api.pagination import Page, paginate, read_flag
from marketplace.api.permissions import get_owned, get_scope, get_user, get_viewer, get_visible
from marketplace.api.schema import ERRORS, PAGING
from marketplace.api.serializers.algorithms import (
    AlgorithmSerializer,
    DescribedAlgorithm,
    describe_build,
    describe_version,
    describe_versions,
)
from marketplace.api.serializers.pages import page_of
from marketplace.api.serializers.prices import to_price
from marketplace.api.serializers.versions import NewVersionSerializer, VersionLifeSerializer
from marketplace.api.views.algorithms import check_environment
from marketplace.errors import Conflict, NotFound
from marketplace.invocations.sample_runs import run_samples

LONGEST_BUILD_SECONDS = 600
LOOK_SECONDS = 0.3


class CompileView(APIView):
    """/v1/algorithms/:owner/:name/compile"""

    @extend_schema(
        operation_id="compile_algorithm", request=OpenApiTypes.OBJECT, responses={200: AlgorithmSerializer, **ERRORS}
    )
    def post(self, request: Request, owner: str, name: str) -> Response:
        """Have the newest source built, and wait for it. Safe to repeat: what is built already is only answered."""
        algorithm = get_owned(request, owner, name)
        newest = get_newest_build(scope=get_scope(request, owner), algorithm=algorithm)
        build = wait_for_build(rebuild(build=newest, by=get_user(request), now=timezone.now()))
        answer = AlgorithmSerializer(describe_build(algorithm, build)).data
        return Response(answer | {"compilation": {"successful": True, "output": build.log}})


class VersionsView(APIView):
    """/v1/algorithms/:owner/:name/versions"""

    permission_classes = [IsManagerOrReadOnly]

    @extend_schema(
        operation_id="list_versions",
        parameters=[
            OpenApiParameter("published", OpenApiTypes.BOOL, description="False: builds that could be published."),
            OpenApiParameter("callable", OpenApiTypes.BOOL, description="False: versions that were withdrawn."),
            *PAGING,
        ],
        responses={200: page_of(AlgorithmSerializer), **ERRORS},
    )
    def get(self, request: Request, owner: str, name: str) -> Response:
        """The versions of an algorithm, newest number first; or, for its owners, what could become one."""
        algorithm = get_visible(request, owner, name)
        if not read_flag(request, "published", default=True):
            return Response(self._list_builds(request, algorithm))

        def present(versions: list[Any]) -> list[Any]:
            return list(AlgorithmSerializer(describe_versions(algorithm, versions), many=True).data)

        if read_flag(request, "callable", default=True):
            return Response(paginate(request, list_versions(algorithm=algorithm), present))
        withdrawn = [row for row in list_versions(algorithm=algorithm, withdrawn=True) if row.withdrawn_at]
        return Response(paginate(request, withdrawn, present))

    def _list_builds(self, request: Request, algorithm: Algorithm) -> Page:
        def present(builds: list[Any]) -> list[Any]:
            return list(AlgorithmSerializer([describe_build(algorithm, build) for build in builds], many=True).data)

        scope = get_viewer(request)
        if scope is None or scope.organization.pk != algorithm.organization_id:
            return paginate(request, [], present)
        return paginate(request, list_unpublished_builds(scope=scope, algorithm=algorithm), present)

    @extend_schema(
        operation_id="publish_version", request=NewVersionSerializer, responses={201: AlgorithmSerializer, **ERRORS}
    )
    def post(self, request: Request, owner: str, name: str) -> Response:
        """Publish a build that succeeded; its samples are called first. Safe to repeat for the same build."""
        algorithm = get_owned(request, owner, name)
        body = NewVersionSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        info, texts = body.validated_data["version_info"], body.texts()
        check_environment(texts.get("environment"))
        build = find_build(request, algorithm, body.validated_data)
        results = run_samples(build=build, by=get_user(request), sample_input=info.get("sample_input"))
        with transaction.atomic():
            algorithm = update_algorithm(algorithm=algorithm, by=get_user(request), **texts)
            version = publish_version(
                build=build,
                bump=info["version_type"],
                release_notes=info["release_notes"],
                sample_input=info.get("sample_input"),
                sample_results=results,
                price=to_price(body.validated_data.get("settings", {}), usual_royalty=algorithm.royalty_per_call),
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
        """The version that a number, part of one (`1.2`) or a source hash names; for owners, a build's hash too."""
        algorithm = get_visible(request, owner, name)
        return Response(AlgorithmSerializer(self._find(request, algorithm, version)).data)

    def _find(self, request: Request, algorithm: Algorithm, version: str) -> DescribedAlgorithm:
        """Raises NotFound."""
        scope = get_viewer(request)
        try:
            return describe_version(algorithm, get_version(algorithm=algorithm, selector=version))
        except NotFound:
            if scope is None or scope.organization.pk != algorithm.organization_id:
                raise
            build = find_succeeded_build(algorithm=algorithm, source_hash=version.lower())
            if build is None:
                raise
            return describe_build(algorithm, build)

    @extend_schema(
        operation_id="change_version", request=VersionLifeSerializer, responses={200: AlgorithmSerializer, **ERRORS}
    )
    def put(self, request: Request, owner: str, name: str, version: str) -> Response:
        """Deprecate a version, or make an older one the latest again. Name its whole number, or its source hash."""
        found = self._find_exactly(request, owner, name, version)
        body = VersionLifeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        with transaction.atomic():
            found = change_life(found, body.validated_data, get_user(request))
        return Response(AlgorithmSerializer(describe_version(found.algorithm, found)).data)

    def _find_exactly(self, request: Request, owner: str, name: str, version: str) -> Version:
        """Raises NotFound."""
        found = get_version(algorithm=get_owned(request, owner, name), selector=version)
        if version.lower() not in {found.number, found.source_hash}:
            raise NotFound(f"Name the whole number of the version, such as {found.number}.")
        return found

    @extend_schema(operation_id="withdraw_version", responses={204: None, **ERRORS})
    def delete(self, request: Request, owner: str, name: str, version: str) -> Response:
        """Take a version away from its callers. Name its whole number, or its source hash."""
        withdraw_version(version=self._find_exactly(request, owner, name, version), by=get_user(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


def change_life(version: Version, asked: dict[str, Any], by: User) -> Version:
    """Raises PermissionDenied, InvalidInput, Conflict."""
    if asked.get("deprecated"):
        version = deprecate_version(version=version, text=asked["deprecated"], by=by)
    elif "deprecated" in asked:
        version = end_deprecation(version=version, by=by)
    return make_latest(version=version, by=by) if asked.get("latest") else version


def find_build(request: Request, algorithm: Algorithm, named: dict[str, Any]) -> Build:
    """The build to publish. Raises NotFound, Conflict."""
    source_hash = named.get("source_hash") or named["version_info"].get("git_hash")
    if "build_id" in named:
        build = get_build(scope=get_scope(request), build_id=named["build_id"])
        if build.algorithm_id != algorithm.pk:
            raise NotFound("There is no such build.")
        return build
    if source_hash is None:
        return get_newest_build(scope=get_scope(request), algorithm=algorithm)
    found = find_succeeded_build(algorithm=algorithm, source_hash=source_hash)
    if found is None:
        raise Conflict("No build of this source has succeeded: upload it first.")
    return found


def wait_for_build(build: Build) -> Build:
    """The same build when it has succeeded. Raises BuildFailed, StillBuilding."""
    give_up = time.monotonic() + LONGEST_BUILD_SECONDS
    while build.state in {BuildState.QUEUED, BuildState.BUILDING}:
        if time.monotonic() > give_up:
            raise StillBuilding(f"The build {build.id} is not done yet: ask for it at builds/{build.id}.")
        time.sleep(LOOK_SECONDS)
        build = Build.objects.select_related("algorithm__organization", "version").get(pk=build.pk)
    if build.state != BuildState.SUCCEEDED:
        raise BuildFailed(f"The build {build.id} {build.state}: {build.error}")
    return build
