"""Organizations as customers of Stripe: their name there, their tax number, the card that they left."""

import hashlib
import json
import uuid
from typing import Any, NamedTuple

import stripe

from billing.payments.client import talk
from billing.payments.models import StripeCustomer

TAX_ID_KINDS = {
    "eu_vat": "EU VAT number",
    "gb_vat": "UK VAT number",
    "ch_vat": "Swiss VAT number",
    "no_vat": "Norwegian VAT number",
    "us_ein": "US EIN",
    "ca_bn": "Canadian BN",
    "au_abn": "Australian ABN",
    "nz_gst": "New Zealand GST number",
    "in_gst": "Indian GST number",
    "jp_cn": "Japanese corporate number",
}


class Buyer(NamedTuple):
    """Who pays. `email` is where Stripe sends receipts and invoices."""

    organization_id: uuid.UUID
    name: str
    email: str


def find_customer(organization_id: uuid.UUID) -> StripeCustomer | None:
    """The organization as Stripe knows it; None if it does not yet."""
    return StripeCustomer.objects.filter(pk=organization_id).first()


def ensure_customer(client: stripe.StripeClient, buyer: Buyer) -> StripeCustomer:
    """The organization at Stripe, made if need be. Safe to repeat and to race."""
    known = find_customer(buyer.organization_id)
    if known is not None:
        return known
    params: Any = {
        "name": buyer.name,
        "email": buyer.email,
        "metadata": {"agora_organization": str(buyer.organization_id)},
    }
    made = client.v1.customers.create(params, {"idempotency_key": f"customer-{_digest(params)}"})
    row, _ = StripeCustomer.objects.get_or_create(pk=buyer.organization_id, defaults={"stripe_id": made.id})
    return row


def set_tax_id(*, buyer: Buyer, kind: str, value: str) -> None:
    """Puts the number on the customer at Stripe, in place of the one before; an empty value takes it away.

    Raises StripeRefused for a number that cannot be one, PaymentsDisabled, StripeUnavailable.
    """
    with talk() as client:
        row = ensure_customer(client, buyer)
        made = None
        if value:  # the new one first: if Stripe refuses it, the old one stays
            made = client.v1.customers.tax_ids.create(row.stripe_id, {"type": kind, "value": value})
        if row.tax_id_stripe_id:
            client.v1.customers.tax_ids.delete(row.stripe_id, row.tax_id_stripe_id)
    StripeCustomer.objects.filter(pk=row.pk).update(
        tax_id_type=kind if value else "", tax_id=value, tax_id_stripe_id=made.id if made else ""
    )


def remember_card(organization_id: uuid.UUID, charge: stripe.Charge) -> None:
    """Keeps the card of a payment for automatic top-ups; its number is at Stripe alone."""
    details = getattr(charge, "payment_method_details", None)
    card = getattr(details, "card", None)
    StripeCustomer.objects.filter(pk=organization_id).update(
        payment_method_id=charge.payment_method or "",
        card_brand=getattr(card, "brand", None) or getattr(details, "type", None) or "",
        card_last4=getattr(card, "last4", None) or "",
    )


def _digest(params: object) -> str:
    """Stripe refuses a repeated key with other parameters, such as a new name."""
    return hashlib.sha256(json.dumps(params, sort_keys=True).encode()).hexdigest()[:32]
