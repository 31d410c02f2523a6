"""What organizations pay, owe and are paid. Amounts are US cents, but for the lines of invoices."""

from rest_framework import serializers

from billing import api as billing


class PaymentInputSerializer(serializers.Serializer):
    """A purchase of credits to begin."""

    amount_cents = serializers.IntegerField(min_value=1)
    keep_card = serializers.BooleanField(default=False, help_text="Lets automatic top-up use the card.")


class PaymentSerializer(serializers.Serializer):
    """Money that an organization pays for credits, or for an invoice."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(["checkout", "top_up", "invoice"])
    state = serializers.ChoiceField(billing.PaymentState.choices)
    amount_cents = serializers.IntegerField()
    refunded_cents = serializers.IntegerField()
    disputed_cents = serializers.IntegerField()
    failure = serializers.CharField()
    created_at = serializers.DateTimeField()
    paid_at = serializers.DateTimeField(allow_null=True)


class StartedPaymentSerializer(PaymentSerializer):
    """A purchase that was begun."""

    pay_url = serializers.URLField(help_text="Where a person pays, within a day.")


class InvoiceLineSerializer(serializers.Serializer):
    """What calls of an algorithm by a member cost; without them, what was set off, as `note` says."""

    algorithm = serializers.CharField()
    member = serializers.CharField()
    note = serializers.CharField()
    calls = serializers.IntegerField()
    amount_microcredits = serializers.IntegerField(source="amount")


class InvoiceSerializer(serializers.Serializer):
    """What an organization on terms owes for a period."""

    id = serializers.UUIDField()
    number = serializers.CharField()
    state = serializers.ChoiceField(billing.InvoiceState.choices)
    buyer = serializers.CharField()
    tax_id = serializers.CharField()
    period_start = serializers.DateTimeField()
    period_end = serializers.DateTimeField()
    amount_cents = serializers.IntegerField()
    pay_url = serializers.CharField(help_text="Where it is paid; empty until Stripe has it.")
    issued_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField()
    paid_at = serializers.DateTimeField(allow_null=True)


class WholeInvoiceSerializer(InvoiceSerializer):
    """An invoice with its lines, which add up to it."""

    lines = InvoiceLineSerializer(many=True)


class PayoutSerializer(serializers.Serializer):
    """Earnings that go, or went, to the organization's bank."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(billing.PayoutState.choices)
    amount_cents = serializers.IntegerField()
    returned_cents = serializers.IntegerField()
    failure = serializers.CharField()
    created_at = serializers.DateTimeField()
    settled_at = serializers.DateTimeField(allow_null=True)
