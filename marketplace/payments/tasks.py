"""What Stripe told, and what is done by the clock. Each is short, safe to repeat, and tries again what failed."""

import logging
import uuid
from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.utils import timezone

from billing import api as billing
from billing.api import Notice
from billing.errors import StripeRefused, StripeUnavailable
from marketplace.celery import app
from marketplace.payments.selectors import find_buyer, list_owner_addresses, name_members, name_organizations

EVENTS_AT_ONCE = 200
logger = logging.getLogger(__name__)


@app.task(name="payments.process_event")
def process_event(event_id: str) -> None:
    """Acts on an event that has just come."""
    billing.process_event(event_id)


@app.task(name="payments.process_waiting_events")
def process_waiting_events() -> None:
    """Acts on the events of which a worker was lost, or Stripe away."""
    _each(billing.list_waiting_events(now=timezone.now(), limit=EVENTS_AT_ONCE), billing.process_event)


@app.task(name="payments.look_at_unfinished")
def look_at_unfinished() -> None:
    """Finds out about payments and invoices of which no event came."""
    if billing.payments_enabled():
        for failure in billing.look_at_unfinished(now=timezone.now()):
            logger.warning("A payment or an invoice could not be looked at: %s", failure)


@app.task(name="payments.run_top_ups")
def run_top_ups() -> None:
    """Buys credits for those who ordered it and have few left."""
    if billing.payments_enabled():
        billing.run_top_ups(now=timezone.now())


@app.task(name="payments.issue_invoices")
def issue_invoices() -> None:
    """Invoices the last month to organizations on terms, and sends what Stripe does not know yet."""
    if billing.payments_enabled():
        _each(billing.list_terms().values_list("pk", flat=True), _issue)
        _each(billing.list_unpushed_invoices(), _push)


@app.task(name="payments.run_payouts")
def run_payouts() -> None:
    """Begins the payouts that are due."""
    if billing.payments_enabled():
        billing.run_payouts(now=timezone.now())
        send_payouts()


@app.task(name="payments.send_payouts")
def send_payouts() -> None:
    """Sends the payouts that are held, or finds out that they went."""
    if billing.payments_enabled():
        _each(billing.list_held_payouts(), billing.send_payout)


@app.task(name="payments.reconcile")
def reconcile() -> None:
    """Compares the ledger with what Stripe says moved; differences stand in the operator's page and in the log."""
    if billing.payments_enabled():
        outcome = billing.reconcile_latest(now=timezone.now())
        if outcome.differences:
            logger.error("The ledger and Stripe differ in %s: see the operator's page", len(outcome.differences))


@app.task(name="payments.send_notices")
def send_notices() -> None:
    """Mails owners what they must know."""
    billing.send_notices(_mail, now=timezone.now())


def _issue(organization_id: uuid.UUID) -> None:
    buyer = find_buyer(organization_id)
    if buyer is not None:
        billing.issue_invoice(buyer=buyer, name_members=name_members, now=timezone.now())


def _push(invoice: billing.Invoice) -> None:
    buyer = find_buyer(invoice.organization_id)
    if buyer is not None:
        billing.push_invoice(invoice_id=invoice.pk, buyer=buyer)


def _mail(notice: Notice) -> None:
    slug = name_organizations([notice.organization_id]).get(notice.organization_id, "")
    text = f"{notice.text}\n\n{settings.AGORA_ADDRESS}/console/{slug}/payments\n"
    addresses = list_owner_addresses(notice.organization_id)
    if addresses:
        send_mail(f"{notice.subject}: {slug}", text, None, addresses)


def _each(things: Iterable[Any], act: Callable[[Any], object]) -> None:
    """One that goes wrong, for Stripe's reasons or our own, does not keep the others waiting."""
    for thing in things:
        try:
            act(thing)
        except (StripeRefused, StripeUnavailable) as error:
            logger.warning("%s must wait: %s", thing, error)
        except Exception:  # a fault of ours: told, and met again at the next turn
            logger.exception("%s went wrong", thing)
