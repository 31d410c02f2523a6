"""Calls that may wait, and housekeeping around calls."""

import uuid

from django.utils import timezone

from billing import api as billing
from marketplace.celery import app
from marketplace.invocations import budget_warnings, making, services, webhooks
from marketplace.invocations.sessions import end_finished_sessions
from marketplace.invocations.standings import refresh_standings as refresh_standings_now
from marketplace.invocations.webhooks import NotDelivered


@app.task(name="invocations.make_call")
def make_call(*, call_id: str) -> None:
    """Makes a queued call."""
    making.run_call(uuid.UUID(call_id))


@app.task(name="invocations.run_lane")
def run_lane(*, batch_id: str, lane: int) -> None:
    """Makes calls of a batch for a while."""
    making.run_lane(uuid.UUID(batch_id), lane)


@app.task(name="invocations.deliver")
def deliver(*, call_id: str) -> None:
    """Tries to deliver a call's result to its webhook."""
    webhooks.deliver(uuid.UUID(call_id))


@app.task(name="invocations.requeue_lost_calls")
def requeue_lost_calls() -> None:
    """Mends what a killed worker or a lost message left."""
    making.requeue_lost_calls(now=timezone.now())
    webhooks.requeue_lost_deliveries(now=timezone.now())


@app.task(name="invocations.clear_finished_calls")
def clear_finished_calls() -> None:
    """Forgets the calls whose time is over."""
    services.clear_finished_calls(now=timezone.now())


@app.task(name="invocations.refresh_directory")
def refresh_directory() -> None:
    """Mends what the gateways could not be told, and brings announced prices into force."""
    services.refresh_directory()


@app.task(name="invocations.refresh_lost_directory")
def refresh_lost_directory() -> None:
    """Fills a Redis that lost its data."""
    services.refresh_lost_directory()


@app.task(name="invocations.refresh_standings")
def refresh_standings() -> None:
    """Counts what the store sorts and filters by."""
    refresh_standings_now(now=timezone.now())


@app.task(name="invocations.ensure_partitions")
def ensure_partitions() -> None:
    """Makes the partitions that the call records of the next days go to."""
    billing.ensure_partitions(timezone.now().date())


@app.task(name="invocations.remove_old_records")
def remove_old_records() -> None:
    """Removes the call records that are older than they are kept."""
    billing.remove_old_records(timezone.now().date())


@app.task(name="invocations.end_sessions")
def end_sessions() -> None:
    """Deletes the session collections of calls that are over."""
    end_finished_sessions(now=timezone.now())


@app.task(name="invocations.warn_of_budgets")
def warn_of_budgets() -> None:
    """Tells of budgets that are being spent."""
    budget_warnings.warn_of_budgets(now=timezone.now())


@app.task(
    name="invocations.post_budget_warning",
    autoretry_for=(NotDelivered,),
    retry_backoff=30,
    max_retries=5,
)
def post_budget_warning(*, organization_id: str, url: str, body: str) -> None:
    """Posts a warning to a webhook, again at longer and longer intervals while nobody takes it."""
    budget_warnings.post_warning(organization_id=uuid.UUID(organization_id), url=url, body=body)


@app.task(name="invocations.close_books")
def close_books() -> None:
    """Closes yesterday's books."""
    now = timezone.now()
    billing.close_books(until=now.replace(hour=0, minute=0, second=0, microsecond=0), closed_at=now)
