"""What an organization pays, owes and is paid: for keys of its owners."""

import uuid

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.api.pagination import paginate
from marketplace.api.permissions import get_scope
from marketplace.api.schema import ERRORS, PAGING
from marketplace.api.serializers.pages import page_of
from marketplace.api.serializers.payments import (
    InvoiceSerializer,
    PaymentInputSerializer,
    PaymentSerializer,
    PayoutSerializer,
    StartedPaymentSerializer,
    WholeInvoiceSerializer,
)
from marketplace.payments.selectors import get_invoice, get_payment, list_invoices, list_payments, list_payouts
from marketplace.payments.services import buy_credits, pay_out


class PaymentsView(APIView):
    """/v1/organizations/:organization/payments"""

    @extend_schema(
        operation_id="list_payments", parameters=PAGING, responses={200: page_of(PaymentSerializer), **ERRORS}
    )
    def get(self, request: Request, organization: str) -> Response:
        """What the organization paid, newest first."""
        payments = list_payments(scope=get_scope(request, organization))
        return Response(paginate(request, payments, lambda rows: PaymentSerializer(rows, many=True).data))

    @extend_schema(
        operation_id="start_payment",
        request=PaymentInputSerializer,
        responses={201: StartedPaymentSerializer, **ERRORS},
    )
    def post(self, request: Request, organization: str) -> Response:
        """Begin to buy credits: a person pays at `pay_url`."""
        scope = get_scope(request, organization)
        body = PaymentInputSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        page = buy_credits(
            scope=scope,
            cents=body.validated_data["amount_cents"],
            keep_card=body.validated_data["keep_card"],
            back=f"{settings.AGORA_ADDRESS}/console/{scope.organization.slug}/payments",
        )
        begun = PaymentSerializer(get_payment(scope=scope, payment_id=page.payment_id)).data
        return Response({**begun, "pay_url": page.url}, status=status.HTTP_201_CREATED)


class PaymentView(APIView):
    """/v1/organizations/:organization/payments/:id"""

    @extend_schema(operation_id="get_payment", responses={200: PaymentSerializer, **ERRORS})
    def get(self, request: Request, organization: str, payment_id: uuid.UUID) -> Response:
        """One payment."""
        payment = get_payment(scope=get_scope(request, organization), payment_id=payment_id)
        return Response(PaymentSerializer(payment).data)


class InvoicesView(APIView):
    """/v1/organizations/:organization/invoices"""

    @extend_schema(
        operation_id="list_invoices", parameters=PAGING, responses={200: page_of(InvoiceSerializer), **ERRORS}
    )
    def get(self, request: Request, organization: str) -> Response:
        """The organization's invoices, newest first."""
        invoices = list_invoices(scope=get_scope(request, organization))
        return Response(paginate(request, invoices, lambda rows: InvoiceSerializer(rows, many=True).data))


class InvoiceView(APIView):
    """/v1/organizations/:organization/invoices/:id"""

    @extend_schema(operation_id="get_invoice", responses={200: WholeInvoiceSerializer, **ERRORS})
    def get(self, request: Request, organization: str, invoice_id: uuid.UUID) -> Response:
        """One invoice, itemised by algorithm and member."""
        invoice = get_invoice(scope=get_scope(request, organization), invoice_id=invoice_id)
        return Response(WholeInvoiceSerializer(invoice).data)


class PayoutsView(APIView):
    """/v1/organizations/:organization/payouts"""

    @extend_schema(operation_id="list_payouts", parameters=PAGING, responses={200: page_of(PayoutSerializer), **ERRORS})
    def get(self, request: Request, organization: str) -> Response:
        """What the organization's algorithms earned and was paid out, newest first."""
        payouts = list_payouts(scope=get_scope(request, organization))
        return Response(paginate(request, payouts, lambda rows: PayoutSerializer(rows, many=True).data))

    @extend_schema(operation_id="start_payout", request=None, responses={201: PayoutSerializer, **ERRORS})
    def post(self, request: Request, organization: str) -> Response:
        """Pay out now all that was earned."""
        payout = pay_out(scope=get_scope(request, organization))
        return Response(PayoutSerializer(payout).data, status=status.HTTP_201_CREATED)
