"""Search the catalogue; make, read and change an algorithm."""

from django.http import QueryDict
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.parsers import FormParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from execution.environments import find_environment, list_available
from marketplace.algorithms.search import search_algorithms
from marketplace.algorithms.selectors import list_algorithms_of
from marketplace.algorithms.services import create_algorithm, delete_algorithm, update_algorithm
from marketplace.api.access import IsManagerOrReadOnly
from marketplace.api.pagination import paginate
from marketplace.api.parsers import BoundedJsonParser
from marketplace.api.permissions import get_owned, get_scope, get_user, get_viewer, get_visible
from marketplace.api.schema import ERRORS, PAGING
from marketplace.api.serializers.algorithms import (
    AlgorithmInputSerializer,
    AlgorithmLineSerializer,
    AlgorithmSerializer,
    NewAlgorithmSerializer,
    describe_algorithm,
)
from marketplace.api.serializers.pages import page_of
from marketplace.errors import InvalidInput


class AlgorithmSearchView(APIView):
    """/v1/algorithms"""

    permission_classes = [IsManagerOrReadOnly]

    @extend_schema(
        operation_id="search_algorithms",
        parameters=[
            OpenApiParameter("q", OpenApiTypes.STR, description="Words; without them, the newest change comes first."),
            OpenApiParameter("tag", OpenApiTypes.STR),
            OpenApiParameter("environment", OpenApiTypes.STR),
            OpenApiParameter("owner", OpenApiTypes.STR),
            *PAGING,
        ],
        responses={200: page_of(AlgorithmLineSerializer), **ERRORS},
    )
    def get(self, request: Request) -> Response:
        """Public algorithms that can be called."""
        asked = {name: request.query_params.get(name, "") for name in ("tag", "environment", "owner")}
        if any("\0" in value for value in asked.values()):
            raise InvalidInput("q", "The query must not hold a null character.")
        found = search_algorithms(query=request.query_params.get("q", ""), **asked)
        return Response(paginate(request, found, lambda rows: AlgorithmLineSerializer(rows, many=True).data))


class PersonAlgorithmsView(APIView):
    """/v1/users/:username/algorithms"""

    permission_classes = [IsManagerOrReadOnly]

    @extend_schema(
        operation_id="list_owner_algorithms",
        parameters=PAGING,
        responses={200: page_of(AlgorithmLineSerializer), **ERRORS},
    )
    def get(self, request: Request, username: str) -> Response:
        """The algorithms of an owner, a person or an organization, by name: those that the caller may see."""
        found = list_algorithms_of(viewer=get_viewer(request), owner=username)
        return Response(paginate(request, found, lambda rows: AlgorithmLineSerializer(rows, many=True).data))


class OwnerAlgorithmsView(APIView):
    """/v1/algorithms/:owner"""

    @extend_schema(
        operation_id="create_algorithm",
        request=NewAlgorithmSerializer,
        responses={201: AlgorithmSerializer, **ERRORS},
    )
    def post(self, request: Request, owner: str) -> Response:
        """Make an algorithm, with nothing to call yet."""
        body = NewAlgorithmSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        texts = body.texts()
        check_environment(texts.get("environment"))
        algorithm = create_algorithm(scope=get_scope(request, owner), name=body.validated_data["name"], **texts)
        return Response(AlgorithmSerializer(describe_algorithm(algorithm)).data, status=status.HTTP_201_CREATED)


class AlgorithmView(APIView):
    """/v1/algorithms/:owner/:name"""

    permission_classes = [IsManagerOrReadOnly]
    parser_classes = [BoundedJsonParser, FormParser]

    @extend_schema(operation_id="get_algorithm", responses={200: AlgorithmSerializer, **ERRORS})
    def get(self, request: Request, owner: str, name: str) -> Response:
        """An algorithm and its newest version."""
        return Response(AlgorithmSerializer(describe_algorithm(get_visible(request, owner, name))).data)

    @extend_schema(
        operation_id="update_algorithm",
        request={
            "application/json": AlgorithmInputSerializer,
            "application/x-www-form-urlencoded": OpenApiTypes.OBJECT,
        },
        responses={200: AlgorithmSerializer, **ERRORS},
    )
    def put(self, request: Request, owner: str, name: str) -> Response:
        """Change what the store shows and what the next builds get; what is left out stays as it is.

        A form changes nothing: the published Python client sends one in which no values are.
        """
        algorithm = get_owned(request, owner, name)
        if isinstance(request.data, QueryDict):
            return Response(AlgorithmSerializer(describe_algorithm(algorithm)).data)
        body = AlgorithmInputSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        texts = body.texts()
        check_environment(texts.get("environment"))
        algorithm = update_algorithm(algorithm=algorithm, by=get_user(request), **texts)
        return Response(AlgorithmSerializer(describe_algorithm(algorithm)).data)

    @extend_schema(operation_id="delete_algorithm", responses={204: None, **ERRORS})
    def delete(self, request: Request, owner: str, name: str) -> Response:
        """Delete an algorithm; not while everybody can call it: withdraw its versions first."""
        delete_algorithm(algorithm=get_owned(request, owner, name), by=get_user(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


def check_environment(environment: object) -> None:
    """Raises InvalidInput for a name that no environment has."""
    if environment is not None and find_environment(str(environment)) is None:
        known = ", ".join(found.id for found in list_available())
        raise InvalidInput("algorithm_environment", f"There is no environment {environment}: choose one of {known}.")
