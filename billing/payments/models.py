"""What is known of Stripe: customers, payments, refunds, disputes, top-ups, terms, invoices, and what Stripe told us.

Money here is in US cents, as Stripe has it; the ledger has the credits. Rows say how far each thing is, and move
forward only; what a payment did to a balance is in the ledger alone, under an id that comes from Stripe's.
"""

import uuid

from django.db import models
from django.utils import timezone


class StripeCustomer(models.Model):
    """An organization as a customer of Stripe, with the card it left for automatic top-ups and its tax number."""

    organization_id = models.UUIDField(primary_key=True)
    stripe_id = models.CharField(max_length=255, unique=True)
    payment_method_id = models.CharField(max_length=255, blank=True)
    card_brand = models.CharField(max_length=40, blank=True)
    card_last4 = models.CharField(max_length=4, blank=True)
    tax_id_type = models.CharField(max_length=20, blank=True)
    tax_id = models.CharField(max_length=50, blank=True)
    tax_id_stripe_id = models.CharField(max_length=255, blank=True)

    def __str__(self) -> str:
        return f"{self.stripe_id} of {self.organization_id}"


class PaymentKind(models.TextChoices):
    """How a payment came about."""

    CHECKOUT = "checkout"
    TOP_UP = "top_up"
    INVOICE = "invoice"


class PaymentState(models.TextChoices):
    """How far a payment is. Money that arrived is never unsaid: what goes back is a refund or a dispute."""

    CREATED = "created"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    EXPIRED = "expired"


PAYMENT_STEPS: dict[str, frozenset[str]] = {
    PaymentState.CREATED: frozenset({PaymentState.SUCCEEDED, PaymentState.FAILED, PaymentState.EXPIRED}),
    PaymentState.FAILED: frozenset({PaymentState.SUCCEEDED}),
    PaymentState.EXPIRED: frozenset({PaymentState.SUCCEEDED}),
    PaymentState.SUCCEEDED: frozenset(),
}


class Payment(models.Model):
    """Money that an organization pays. `failure` is for people; `refunded_cents` and `disputed_cents` are not here
    any more, nor are the credits bought with them."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization_id = models.UUIDField()
    kind = models.CharField(max_length=10, choices=PaymentKind.choices)
    state = models.CharField(max_length=10, choices=PaymentState.choices, default=PaymentState.CREATED)
    amount_cents = models.BigIntegerField()
    refunded_cents = models.BigIntegerField(default=0)
    disputed_cents = models.BigIntegerField(default=0)
    session_id = models.CharField(max_length=255, null=True, unique=True)  # noqa: DJ001 (unique where it is known)
    payment_intent_id = models.CharField(max_length=255, null=True, unique=True)  # noqa: DJ001
    failure = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    paid_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["organization_id", "-created_at"], name="payments_by_organization")]
        constraints = [
            models.CheckConstraint(condition=models.Q(amount_cents__gt=0), name="payments_payment_positive"),
            models.CheckConstraint(condition=models.Q(state__in=PaymentState.values), name="payments_payment_state"),
            # Two top-ups at once would charge a card twice for one low balance.
            models.UniqueConstraint(
                fields=["organization_id"],
                condition=models.Q(kind="top_up", state="created"),
                name="payments_one_top_up_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class Refund(models.Model):
    """Money that went back, by Stripe's id."""

    stripe_id = models.CharField(max_length=255, primary_key=True)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    amount_cents = models.BigIntegerField()
    state = models.CharField(max_length=20)
    """As Stripe names it."""
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.stripe_id


class Dispute(models.Model):
    """A payment that its payer contests at their bank, by Stripe's id."""

    stripe_id = models.CharField(max_length=255, primary_key=True)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="disputes")
    amount_cents = models.BigIntegerField()
    state = models.CharField(max_length=30)
    """As Stripe names it."""
    reason = models.CharField(max_length=50, blank=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.stripe_id


class TopUp(models.Model):
    """The organization's order to buy `amount_cents` of credits whenever its balance is below `threshold_cents`.

    `failure` stops it until an owner turns it on again: a card that was refused is never asked in a loop.
    """

    organization_id = models.UUIDField(primary_key=True)
    on = models.BooleanField(default=True)
    threshold_cents = models.BigIntegerField()
    amount_cents = models.BigIntegerField()
    month_cap_cents = models.BigIntegerField()
    failure = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(threshold_cents__gte=0, amount_cents__gt=0)
                & models.Q(month_cap_cents__gte=models.F("amount_cents")),
                name="payments_top_up_sensible",
            )
        ]

    def __str__(self) -> str:
        return f"top-up of {self.organization_id}"


class Terms(models.Model):
    """That an organization calls first and pays by monthly invoice: up to `limit_cents`, `days_to_pay` days later.

    `invoiced_until` is the end of what was invoiced: the next invoice begins there.
    """

    organization_id = models.UUIDField(primary_key=True)
    limit_cents = models.BigIntegerField()
    days_to_pay = models.PositiveSmallIntegerField(default=30)
    invoiced_until = models.DateTimeField()
    changes = models.PositiveIntegerField(default=0)
    """How often the limit was set; names each change in the ledger."""

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(limit_cents__gte=0), name="payments_terms_limit")]

    def __str__(self) -> str:
        return f"terms of {self.organization_id}"


class InvoiceState(models.TextChoices):
    """How far an invoice is; Stripe knows it from `open` on."""

    ISSUED = "issued"
    OPEN = "open"
    PAID = "paid"
    VOID = "void"
    UNCOLLECTIBLE = "uncollectible"


INVOICE_STEPS: dict[str, frozenset[str]] = {
    InvoiceState.ISSUED: frozenset(
        {InvoiceState.OPEN, InvoiceState.PAID, InvoiceState.VOID, InvoiceState.UNCOLLECTIBLE}
    ),
    InvoiceState.OPEN: frozenset({InvoiceState.PAID, InvoiceState.VOID, InvoiceState.UNCOLLECTIBLE}),
    InvoiceState.UNCOLLECTIBLE: frozenset({InvoiceState.PAID, InvoiceState.VOID}),
    InvoiceState.PAID: frozenset(),
    InvoiceState.VOID: frozenset(),
}


class Invoice(models.Model):
    """What an organization on terms owes for a period. Its lines add up to it; neither changes."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization_id = models.UUIDField()
    serial = models.PositiveIntegerField(unique=True)
    state = models.CharField(max_length=15, choices=InvoiceState.choices, default=InvoiceState.ISSUED)
    buyer = models.CharField(max_length=200)
    tax_id = models.CharField(max_length=50, blank=True)
    period_start = models.DateTimeField()
    period_end = models.DateTimeField()
    amount_cents = models.BigIntegerField()
    stripe_id = models.CharField(max_length=255, null=True, unique=True)  # noqa: DJ001 (unique where it is known)
    pay_url = models.URLField(max_length=2000, blank=True)
    issued_at = models.DateTimeField()
    due_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "period_end"], name="payments_one_invoice_a_period"),
            models.CheckConstraint(condition=models.Q(amount_cents__gt=0), name="payments_invoice_positive"),
            models.CheckConstraint(condition=models.Q(state__in=InvoiceState.values), name="payments_invoice_state"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """What people call it: `2026-00017`."""
        return f"{self.issued_at:%Y}-{self.serial:05d}"


class InvoiceLine(models.Model):
    """What calls of an algorithm by a member cost, in micro-credits; with neither, what is set off."""

    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveIntegerField()
    algorithm = models.TextField(blank=True)
    member = models.TextField(blank=True)
    note = models.TextField(blank=True)
    calls = models.BigIntegerField(default=0)
    amount = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["invoice", "position"], name="payments_line_position")]
        ordering = ["position"]

    def __str__(self) -> str:
        return self.algorithm or self.note


class StripeEvent(models.Model):
    """An event that Stripe sent, as it came. It is processed once; failing, it is tried again."""

    event_id = models.CharField(max_length=255, primary_key=True)
    kind = models.CharField(max_length=100)
    payload = models.TextField()
    received_at = models.DateTimeField(default=timezone.now)
    processed_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    failure = models.TextField(blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["received_at"], condition=models.Q(processed_at=None), name="payments_events_to_process"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.event_id}"


class Notice(models.Model):
    """A message to an organization's owners, written with what it is about and mailed afterwards."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization_id = models.UUIDField()
    subject = models.CharField(max_length=200)
    text = models.TextField()
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["created_at"], condition=models.Q(sent_at=None), name="payments_notices_to_send")
        ]

    def __str__(self) -> str:
        return self.subject


class Reconciliation(models.Model):
    """A comparison of the ledger with Stripe's own list of what moved; `differences` is empty in good order."""

    made_at = models.DateTimeField(default=timezone.now)
    since = models.DateTimeField()
    until = models.DateTimeField()
    movements = models.PositiveIntegerField()
    """How many of Stripe's were compared."""
    stripe_cents = models.BigIntegerField()
    """What they add up to."""
    differences = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"{self.made_at:%Y-%m-%d}: {len(self.differences)} differences"
