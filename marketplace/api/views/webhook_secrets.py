"""The secret that signs an organization's webhooks."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.api.permissions import get_scope
from marketplace.api.schema import ERRORS
from marketplace.api.serializers.async_calls import WebhookSecretSerializer
from marketplace.invocations.webhook_secrets import get_webhook_secret, rotate_webhook_secret


class WebhookSecretView(APIView):
    """/v1/organizations/:organization/webhook-secret"""

    @extend_schema(operation_id="get_webhook_secret", responses={200: WebhookSecretSerializer, **ERRORS})
    def get(self, request: Request, organization: str) -> Response:
        """The secret with which receivers check `X-Agora-Signature`."""
        return Response({"secret": get_webhook_secret(scope=get_scope(request, organization))})

    @extend_schema(
        operation_id="rotate_webhook_secret", request=None, responses={200: WebhookSecretSerializer, **ERRORS}
    )
    def post(self, request: Request, organization: str) -> Response:
        """Make a new secret. For 24 hours, signatures of the one before it are sent too."""
        scope = get_scope(request, organization)
        return Response({"secret": rotate_webhook_secret(scope=scope, now=timezone.now())})
