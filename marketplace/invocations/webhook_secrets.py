"""The secrets that sign webhooks: each follows from the platform's own, and none is stored."""

import base64
import hashlib
import hmac
import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F

from marketplace.audit.services import record
from marketplace.invocations.models import WebhookSecret
from marketplace.organizations.models import Organization
from marketplace.organizations.permissions import check_can_call_algorithms, check_can_rotate_webhook_secret
from marketplace.organizations.selectors import AccessibleOrganization

OVERLAP = timedelta(hours=24)
"""How long after a rotation the secret before it signs too, so that no receiver misses a delivery."""


def get_webhook_secret(*, scope: AccessibleOrganization) -> str:
    """The secret that the organization's receivers check signatures with. Raises PermissionDenied."""
    check_can_call_algorithms(scope)
    return _derive(scope.organization.id, _generation_of(scope.organization).generation)


@transaction.atomic
def rotate_webhook_secret(*, scope: AccessibleOrganization, now: datetime) -> str:
    """The new secret. Raises PermissionDenied."""
    check_can_rotate_webhook_secret(scope)
    WebhookSecret.objects.get_or_create(organization=scope.organization)
    WebhookSecret.objects.filter(organization=scope.organization).update(generation=F("generation") + 1, rotated_at=now)
    record(
        actor=scope.user,
        organization_id=scope.organization.id,
        action="webhook_secret.rotate",
        subject_label=scope.organization.slug,
        subject_id=scope.organization.id,
    )
    return get_webhook_secret(scope=scope)


def sign(organization: Organization, body: bytes, *, now: datetime) -> str:
    """The X-Agora-Signature header: `t=<seconds since the epoch>,v1=<hex>`, with a second v1 during OVERLAP."""
    held = _generation_of(organization)
    generations = [held.generation]
    if held.rotated_at is not None and now - held.rotated_at < OVERLAP:
        generations.append(held.generation - 1)
    at = int(now.timestamp())
    secrets = [_derive(organization.id, generation) for generation in generations]
    return ",".join([f"t={at}", *(f"v1={make_signature(secret, at, body)}" for secret in secrets)])


def make_signature(secret: str, at: int, body: bytes) -> str:
    """HMAC-SHA256 of `<at>.<body>`, hex: what a receiver computes too."""
    return hmac.digest(secret.encode(), f"{at}.".encode() + body, "sha256").hex()


def _generation_of(organization: Organization) -> WebhookSecret:
    held = WebhookSecret.objects.filter(organization=organization).first()
    return held or WebhookSecret(organization=organization)


def _derive(organization_id: uuid.UUID, generation: int) -> str:
    key = hashlib.sha256(b"agora webhook secret\0" + settings.SECRET_KEY.encode()).digest()
    digest = hmac.digest(key, f"{organization_id}:{generation}".encode(), "sha256")
    return "whsec_" + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
