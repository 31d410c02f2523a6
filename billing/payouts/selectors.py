"""Reading payouts."""

import uuid

from django.db.models import QuerySet

from billing.payouts.models import Payout, PayoutAccount, PayoutState


def find_payout_account(organization_id: uuid.UUID) -> PayoutAccount | None:
    """Where the organization's earnings go; None if it never began to say."""
    return PayoutAccount.objects.filter(pk=organization_id).first()


def list_payouts(organization_id: uuid.UUID | None = None) -> QuerySet[Payout]:
    """An organization's payouts, or everybody's, newest first."""
    found = Payout.objects.order_by("-created_at", "-pk")
    return found if organization_id is None else found.filter(organization_id=organization_id)


def list_held_payouts() -> list[uuid.UUID]:
    """Those that are to be sent, or of which it is not known whether they went."""
    return list(Payout.objects.filter(state=PayoutState.HELD).order_by("created_at").values_list("pk", flat=True))
