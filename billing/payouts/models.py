"""Authors' accounts at Stripe, and what was paid out to them. Money here is in US cents."""

import uuid

from django.db import models
from django.utils import timezone


class PayoutAccount(models.Model):
    """An organization's account at Stripe, to which its earnings go. Stripe asks it what it must know of it."""

    organization_id = models.UUIDField(primary_key=True)
    stripe_id = models.CharField(max_length=255, unique=True)
    details_submitted = models.BooleanField(default=False)
    payouts_enabled = models.BooleanField(default=False)
    automatic = models.BooleanField(default=True)

    def __str__(self) -> str:
        return f"{self.stripe_id} of {self.organization_id}"


class PayoutState(models.TextChoices):
    """How far a payout is. The ledger holds its money while it is `held`; `failed` gave it back."""

    HELD = "held"
    PAID = "paid"
    FAILED = "failed"


class Payout(models.Model):
    """Earnings on their way to an author. `returned_cents` came back after they had arrived."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization_id = models.UUIDField()
    state = models.CharField(max_length=10, choices=PayoutState.choices, default=PayoutState.HELD)
    amount_cents = models.BigIntegerField()
    returned_cents = models.BigIntegerField(default=0)
    transfer_id = models.CharField(max_length=255, null=True, unique=True)  # noqa: DJ001 (unique where it is known)
    failure = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["organization_id", "-created_at"], name="payouts_by_organization")]
        constraints = [
            models.CheckConstraint(condition=models.Q(amount_cents__gt=0), name="payouts_payout_positive"),
            models.CheckConstraint(condition=models.Q(state__in=PayoutState.values), name="payouts_payout_state"),
            models.UniqueConstraint(
                fields=["organization_id"], condition=models.Q(state="held"), name="payouts_one_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"payout {self.id}"
