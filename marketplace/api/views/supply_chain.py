"""What is in a version: for those who own it."""

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.algorithms.bill_of_materials import make_bill_of_materials
from marketplace.algorithms.selectors import get_version
from marketplace.api.permissions import get_owned
from marketplace.api.schema import ERRORS
from marketplace.api.serializers.supply_chain import SupplyChainSerializer, describe_supply_chain

CYCLONEDX = "application/vnd.cyclonedx+json"


class SupplyChainView(APIView):
    """/v1/algorithms/:owner/:name/versions/:version/supply-chain"""

    @extend_schema(operation_id="get_supply_chain", responses={200: SupplyChainSerializer, **ERRORS})
    def get(self, request: Request, owner: str, name: str, version: str) -> Response:
        """The licences and the known vulnerabilities of a version's packages, and its signature."""
        found = get_version(algorithm=get_owned(request, owner, name), selector=version)
        return Response(SupplyChainSerializer(describe_supply_chain(found)).data)


class BillOfMaterialsView(APIView):
    """/v1/algorithms/:owner/:name/versions/:version/sbom"""

    @extend_schema(operation_id="get_bill_of_materials", responses={(200, CYCLONEDX): OpenApiTypes.OBJECT, **ERRORS})
    def get(self, request: Request, owner: str, name: str, version: str) -> HttpResponse:
        """The software bill of materials of a version: CycloneDX 1.6."""
        found = get_version(algorithm=get_owned(request, owner, name), selector=version)
        return HttpResponse(make_bill_of_materials(found), content_type=CYCLONEDX)
