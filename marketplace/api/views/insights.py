"""Insights: what an algorithm has to say of a call, such as how sure it is of its result."""

import time
from typing import Any

import msgspec
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.algorithms.models import Algorithm
from marketplace.algorithms.selectors import get_called_algorithm
from marketplace.api.authentication import CALLERS
from marketplace.api.pagination import paginate
from marketplace.api.permissions import get_owned
from marketplace.api.schema import ERRORS, PAGING
from marketplace.api.serializers.pages import page_of
from marketplace.api.serializers.recent import InsightSerializer, InsightsSerializer, ReportedSerializer
from marketplace.directory.recent import Insights, add_insights, read_insights
from marketplace.directory.tokens import CallToken
from marketplace.errors import InvalidInput

MOST_VALUES = 25
LARGEST_BYTES = 25 * 1024
RESERVED = frozenset(
    {"request_id", "session_id", "time", "algorithm_name", "algorithm_owner", "algorithm_version", "duration"}
)
"""What an insight is called when it is told to others beside its call."""


class InsightsView(APIView):
    """/v1/insights"""

    authentication_classes = CALLERS

    @extend_schema(
        operation_id="report_insights",
        parameters=[OpenApiParameter("algorithm", OpenApiTypes.STR, description="`owner/name`: with an API key.")],
        request=InsightSerializer(many=True),
        responses={200: ReportedSerializer, **ERRORS},
    )
    def post(self, request: Request) -> Response:
        """Report insights: from inside a call, which needs no key, or with a key of the algorithm's owner."""
        body = InsightSerializer(data=request.data, many=True)
        body.is_valid(raise_exception=True)
        values = read_values(body.validated_data)
        algorithm = find_reporter(request)
        token = request.auth if isinstance(request.auth, CallToken) else None
        insights = Insights(
            at=time.time_ns() // 1_000,
            algorithm=algorithm.full_name,
            call_id=token.parent_id if token else None,
            root_id=token.root_id if token else None,
            values=values,
        )
        add_insights(insights, algorithm_id=str(algorithm.id))
        return Response(ReportedSerializer({"response": f"{len(values)} insights are kept."}).data)


class AlgorithmInsightsView(APIView):
    """/v1/algorithms/:owner/:name/insights"""

    @extend_schema(
        operation_id="list_insights", parameters=PAGING, responses={200: page_of(InsightsSerializer), **ERRORS}
    )
    def get(self, request: Request, owner: str, name: str) -> Response:
        """What the calls of an algorithm reported, newest first: the last 500 of 30 days."""
        insights = read_insights(str(get_owned(request, owner, name).id))
        return Response(paginate(request, insights, lambda rows: InsightsSerializer(rows, many=True).data))


def read_values(given: list[dict[str, Any]]) -> dict[str, Any]:
    """The values by their names. Raises InvalidInput."""
    values = {row["insight_key"]: row["insight_value"] for row in given}
    if len(given) > MOST_VALUES:
        raise InvalidInput("insights", f"A report has {MOST_VALUES} insights at most.")
    if taken := sorted(RESERVED & values.keys()):
        raise InvalidInput("insight_key", f"{taken[0]} has a meaning of its own: choose another name.")
    try:
        size = len(msgspec.json.encode(values))
    except (UnicodeEncodeError, RecursionError, OverflowError):
        raise InvalidInput("insight_value", "A value holds half of a character, or too much.") from None
    if size > LARGEST_BYTES:
        raise InvalidInput("insights", f"A report has {LARGEST_BYTES >> 10} KiB at most.")
    return values


def find_reporter(request: Request) -> Algorithm:
    """The algorithm that reports. Raises InvalidInput, NoSuchAlgorithm, NotFound."""
    if isinstance(request.auth, CallToken) and request.auth.algorithm:
        return get_called_algorithm(full_name=request.auth.algorithm)
    owner, _, name = request.query_params.get("algorithm", "").partition("/")
    if isinstance(request.auth, CallToken) or not (owner and name):
        raise InvalidInput("algorithm", "Say of which algorithm: send ?algorithm=owner/name.")
    return get_owned(request, owner, name)
