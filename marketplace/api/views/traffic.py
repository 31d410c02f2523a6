"""Split the traffic of an algorithm between two of its versions."""

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.algorithms.selectors import get_version
from marketplace.algorithms.traffic import end_split, find_split, split_traffic
from marketplace.api.permissions import get_owned, get_user
from marketplace.api.schema import ERRORS
from marketplace.api.serializers.traffic import TrafficSplitInputSerializer, TrafficSplitSerializer, describe_split
from marketplace.errors import NotFound


class TrafficView(APIView):
    """/v1/algorithms/:owner/:name/traffic"""

    @extend_schema(operation_id="get_traffic_split", responses={200: TrafficSplitSerializer, **ERRORS})
    def get(self, request: Request, owner: str, name: str) -> Response:
        """The split in force, with what the two versions did since it began."""
        split = find_split(algorithm=get_owned(request, owner, name))
        if split is None:
            raise NotFound("The traffic of this algorithm is not split.")
        return Response(TrafficSplitSerializer(describe_split(split)).data)

    @extend_schema(
        operation_id="split_traffic",
        request=TrafficSplitInputSerializer,
        responses={200: TrafficSplitSerializer, **ERRORS},
    )
    def put(self, request: Request, owner: str, name: str) -> Response:
        """Give so many of 100 callers the candidate and the others the base; each caller always gets the same.

        For those who name neither by its whole number or hash. Versions published meanwhile wait until the end.
        """
        algorithm = get_owned(request, owner, name)
        body = TrafficSplitInputSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        base, candidate = (
            get_version(algorithm=algorithm, selector=body.validated_data[half]) for half in ("base", "candidate")
        )
        split = split_traffic(
            base=base, candidate=candidate, percent=body.validated_data["percent"], by=get_user(request)
        )
        return Response(TrafficSplitSerializer(describe_split(split)).data)

    @extend_schema(operation_id="unite_traffic", responses={204: None, **ERRORS})
    def delete(self, request: Request, owner: str, name: str) -> Response:
        """End the split: everybody gets the newest version that fits again."""
        end_split(algorithm=get_owned(request, owner, name), by=get_user(request))
        return Response(status=status.HTTP_204_NO_CONTENT)
