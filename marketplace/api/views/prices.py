"""Prices: those announced for a version, and what a call will cost."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing import api as billing
from marketplace.algorithms.pricing import announce_price
from marketplace.algorithms.selectors import get_version
from marketplace.api.access import IsManagerOrReadOnly
from marketplace.api.permissions import get_owned, get_scope, get_user, get_visible
from marketplace.api.schema import ERRORS
from marketplace.api.serializers.prices import (
    NewPriceSerializer,
    PriceSerializer,
    QuoteRequestSerializer,
    QuoteSerializer,
    to_price,
)
from marketplace.invocations.quotes import quote_call


class PricesView(APIView):
    """/v1/algorithms/:owner/:name/versions/:version/prices"""

    permission_classes = [IsManagerOrReadOnly]

    @extend_schema(operation_id="list_prices", responses={200: PriceSerializer(many=True), **ERRORS})
    def get(self, request: Request, owner: str, name: str, version: str) -> Response:
        """Every price announced for a version, those to come included, newest first."""
        found = get_version(algorithm=get_visible(request, owner, name), selector=version)
        prices = billing.list_prices(found.id) or [billing.get_price(found.id, timezone.now())]
        return Response(PriceSerializer(prices, many=True).data)

    @extend_schema(
        operation_id="announce_price", request=NewPriceSerializer, responses={201: PriceSerializer, **ERRORS}
    )
    def post(self, request: Request, owner: str, name: str, version: str) -> Response:
        """Announce another price. A dearer one takes effect some days later, and no earlier than one announced."""
        found = get_version(algorithm=get_owned(request, owner, name), selector=version)
        body = NewPriceSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        announced = announce_price(
            version=found,
            price=to_price(body.validated_data),
            effective_at=body.validated_data.get("effective_at"),
            by=get_user(request),
        )
        return Response(PriceSerializer(announced).data, status=status.HTTP_201_CREATED)


class QuoteView(APIView):
    """/v1/algorithms/:owner/:name/quote"""

    @extend_schema(
        operation_id="quote_call", request=QuoteRequestSerializer, responses={200: QuoteSerializer, **ERRORS}
    )
    def post(self, request: Request, owner: str, name: str) -> Response:
        """What a call costs the key's organization now: the arithmetic is that of the charge."""
        algorithm = get_visible(request, owner, name)
        body = QuoteRequestSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        seconds = body.validated_data.get("run_seconds")
        quote = quote_call(
            scope=get_scope(request),
            algorithm=algorithm,
            version=get_version(algorithm=algorithm, selector=body.validated_data["version"]),
            run_us=None if seconds is None else round(seconds * 1e6),
            at=timezone.now(),
        )
        return Response(QuoteSerializer(quote).data)
