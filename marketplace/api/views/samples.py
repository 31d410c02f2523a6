"""The samples that builds of an algorithm are tested with."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.algorithms.samples import set_samples
from marketplace.api.permissions import get_owned, get_user
from marketplace.api.schema import ERRORS
from marketplace.api.serializers.samples import SamplesSerializer


class SamplesView(APIView):
    """/v1/algorithms/:owner/:name/samples"""

    @extend_schema(operation_id="get_samples", responses={200: SamplesSerializer, **ERRORS})
    def get(self, request: Request, owner: str, name: str) -> Response:
        """The samples kept with the algorithm, besides those of its source."""
        return Response(SamplesSerializer(get_owned(request, owner, name)).data)

    @extend_schema(operation_id="set_samples", request=SamplesSerializer, responses={200: SamplesSerializer, **ERRORS})
    def put(self, request: Request, owner: str, name: str) -> Response:
        """Keep samples for every later build, and say what publishing does when one is not passed."""
        algorithm = get_owned(request, owner, name)
        body = SamplesSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        return Response(
            SamplesSerializer(set_samples(algorithm=algorithm, by=get_user(request), **body.to_arguments())).data
        )
