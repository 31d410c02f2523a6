"""Paying authors: the money is held in the ledger first, then sent, then settled or given back."""

import uuid
from datetime import datetime
from typing import Any

import stripe
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from billing.errors import NotPossible, StripeRefused
from billing.ledger.models import AccountKind, TransactionKind
from billing.ledger.selectors import get_balance
from billing.payments.client import CURRENCY, talk
from billing.payments.notices import tell_owners
from billing.payments.postings import PAYOUTS_HELD, STRIPE, Side, author, move, to_cents
from billing.payouts.models import Payout, PayoutAccount, PayoutState


def start_onboarding(*, organization_id: uuid.UUID, email: str, again: str, back: str) -> str:
    """The address at Stripe where the author's owner says who they are and where the money goes; then `back`.

    A link works once and for minutes; at `again` the owner asks for another. Raises as `talk` does.
    """
    with talk() as client:
        account = _ensure_account(client, organization_id, email)
        params: Any = {
            "account": account.stripe_id,
            "type": "account_onboarding",
            "refresh_url": again,
            "return_url": back,
        }
        return client.v1.account_links.create(params).url


def apply_account(stripe_id: str) -> None:
    """Brings an author's account up to date with Stripe's. One that is not ours is left alone. Raises as `talk`."""
    if not PayoutAccount.objects.filter(stripe_id=stripe_id).exists():
        return
    with talk() as client:
        found = client.v1.accounts.retrieve(stripe_id)
    PayoutAccount.objects.filter(stripe_id=stripe_id).update(
        details_submitted=bool(found.details_submitted), payouts_enabled=bool(found.payouts_enabled)
    )


@transaction.atomic
def begin_payout(*, organization_id: uuid.UUID, at: datetime) -> Payout:
    """Takes all that was earned, in whole cents, out of the author's account and holds it, to be sent.

    Raises NotPossible while Stripe does not let the account be paid, another payout is on its way, or less than the
    threshold (settings) was earned.
    """
    account = PayoutAccount.objects.select_for_update().filter(pk=organization_id).first()
    if account is None or not account.payouts_enabled:
        raise NotPossible("Stripe must know first where the money goes: set up payouts.")
    if Payout.objects.filter(organization_id=organization_id, state=PayoutState.HELD).exists():
        raise NotPossible("A payout is on its way already.")
    cents = to_cents(get_balance(kind=AccountKind.AUTHOR, organization_id=organization_id))
    if cents < max(settings.PAYOUT_THRESHOLD_CENTS, 1):
        raise NotPossible(f"Payouts start at ${settings.PAYOUT_THRESHOLD_CENTS / 100:,.2f}.")
    payout = Payout.objects.create(organization_id=organization_id, amount_cents=cents, created_at=at)
    _move(payout, f"payout-held:{payout.pk}", "Payout", author(organization_id), PAYOUTS_HELD)
    return payout


def send_payout(payout_id: uuid.UUID) -> None:
    """Sends what is held, and settles it; gives it back if Stripe refuses. Safe to repeat: it is sent once.

    Raises StripeUnavailable, with the money still held, when it is not known whether it went.
    """
    payout = Payout.objects.get(pk=payout_id)
    if payout.state != PayoutState.HELD:
        return
    account = PayoutAccount.objects.get(pk=payout.organization_id)
    try:
        with talk() as client:
            transfer_id = _find_transfer(client, payout) or _create_transfer(client, payout, account)
    except StripeRefused as error:
        _give_back(payout_id, str(error))
        return
    apply_transfer(transfer_id)


def apply_transfer(transfer_id: str) -> None:
    """Brings a payout up to date with its transfer and what came back of it. One that is not ours is left alone."""
    with talk() as client:
        transfer = client.v1.transfers.retrieve(transfer_id)
        came_back = client.v1.transfers.reversals.list(transfer_id, {"limit": 100}).auto_paging_iter()
        reversals = {each.id: each.amount for each in came_back}
    named = transfer.metadata.to_dict().get("agora_payout") if transfer.metadata else None
    if named is not None and Payout.objects.filter(pk=named).exists():
        _settle(uuid.UUID(named), transfer, reversals)


def set_automatic(*, organization_id: uuid.UUID, automatic: bool) -> None:
    """Whether earnings are paid out by themselves each day that they reach the threshold."""
    PayoutAccount.objects.filter(pk=organization_id).update(automatic=automatic)


def run_payouts(*, now: datetime) -> int:
    """Begins a payout for each author who earned enough and wants it by itself; answers how many. Safe to repeat."""
    begun = 0
    ready = PayoutAccount.objects.filter(payouts_enabled=True, automatic=True)
    for organization_id in ready.values_list("pk", flat=True):
        try:
            begin_payout(organization_id=organization_id, at=now)
        except NotPossible:
            continue
        begun += 1
    return begun


def _ensure_account(client: stripe.StripeClient, organization_id: uuid.UUID, email: str) -> PayoutAccount:
    known = PayoutAccount.objects.filter(pk=organization_id).first()
    if known is not None:
        return known
    params: Any = {
        "type": "express",
        "email": email,
        "capabilities": {"transfers": {"requested": True}},
        "metadata": {"agora_organization": str(organization_id)},
    }
    made = client.v1.accounts.create(params, {"idempotency_key": f"account-{organization_id}-{email}"})
    row, _ = PayoutAccount.objects.get_or_create(pk=organization_id, defaults={"stripe_id": made.id})
    return row


def _create_transfer(client: stripe.StripeClient, payout: Payout, account: PayoutAccount) -> str:
    made = client.v1.transfers.create(
        {
            "amount": payout.amount_cents,
            "currency": CURRENCY,
            "destination": account.stripe_id,
            "transfer_group": f"payout-{payout.pk}",
            "metadata": {"agora_payout": str(payout.pk)},
        },
        {"idempotency_key": f"payout-{payout.pk}"},
    )
    return made.id


def _find_transfer(client: stripe.StripeClient, payout: Payout) -> str | None:
    """What an interrupted sending left; Stripe forgets idempotency keys after a day, but no transfer."""
    sent = client.v1.transfers.list({"transfer_group": f"payout-{payout.pk}", "limit": 1}).data
    return sent[0].id if sent else None


@transaction.atomic
def _settle(payout_id: uuid.UUID, transfer: stripe.Transfer, reversals: dict[str, int]) -> None:
    payout = Payout.objects.select_for_update().get(pk=payout_id)
    if payout.state == PayoutState.FAILED:  # it went after all: what was given back is taken again
        _move(payout, f"payout-held-again:{payout.pk}", "Payout", author(payout.organization_id), PAYOUTS_HELD)
    if payout.state != PayoutState.PAID:
        _move(payout, f"transfer:{transfer.id}", "Payout", PAYOUTS_HELD, STRIPE)
        payout.state, payout.transfer_id, payout.settled_at, payout.failure = (
            PayoutState.PAID, transfer.id, timezone.now(), "",
        )  # fmt: skip
    for reversal_id, cents in reversals.items():
        owner = author(payout.organization_id)
        if _move(payout, f"transfer-reversal:{reversal_id}", "Payout came back", STRIPE, owner, cents):
            payout.returned_cents += cents
    payout.save()


@transaction.atomic
def _give_back(payout_id: uuid.UUID, reason: str) -> None:
    payout = Payout.objects.select_for_update().get(pk=payout_id)
    if payout.state != PayoutState.HELD:
        return
    payout.state, payout.failure, payout.settled_at = PayoutState.FAILED, reason, timezone.now()
    payout.save()
    _move(payout, f"payout-refused:{payout.pk}", "Payout refused", PAYOUTS_HELD, author(payout.organization_id))
    tell_owners(
        payout.organization_id,
        "A payout failed",
        f"${payout.amount_cents / 100:,.2f} of earnings could not be sent: {reason} They are in your account again.",
    )


def _move(payout: Payout, cause: str, label: str, giver: Side, taker: Side, cents: int | None = None) -> bool:
    return move(
        cause=cause,
        kind=TransactionKind.PAYOUT,
        label=label,
        cents=payout.amount_cents if cents is None else cents,
        giver=giver,
        taker=taker,
        at=timezone.now(),
    )
