"""Tells of budgets that are being spent: owners by mail, programs by webhook, once for each threshold in a period."""

from datetime import datetime
from uuid import UUID

import msgspec
from django.db import transaction

from billing import api as billing
from billing.api import CREDIT, BudgetWarning
from marketplace.celery import app as celery
from marketplace.invocations.webhooks import post_signed
from marketplace.organizations.models import Organization


@transaction.atomic
def warn_of_budgets(*, now: datetime) -> int:
    """Has the thresholds told that were passed since the last time; answers how many. Safe to repeat."""
    warnings = billing.notice_crossings(now)
    for warning in warnings:
        _tell(warning)
    return len(warnings)


def post_warning(*, organization_id: UUID, url: str, body: str) -> None:
    """Posts one warning, signed as webhooks of calls are. Raises NotDelivered."""
    post_signed(Organization.objects.get(pk=organization_id), url, body.encode())


def _tell(warning: BudgetWarning) -> None:
    budget = warning.budget
    whose = "an API key" if budget.key_id else "a member" if budget.member_id is not None else "the organization"
    ends = " Calls stop with 402 until the period is over or the budget is raised." if budget.hard else ""
    billing.tell_owners(
        budget.organization_id,
        f"{warning.percent} % of a budget is spent",
        f"Of the budget of {whose} for this {budget.period}, {budget.amount / CREDIT:,.2f} credits, "
        f"{warning.spent / CREDIT:,.2f} are spent.{ends if warning.percent == 100 else ''}",
    )
    if budget.webhook_url:
        message = {"organization_id": str(budget.organization_id), "url": budget.webhook_url, "body": _write(warning)}
        transaction.on_commit(lambda: celery.send_task("invocations.post_budget_warning", kwargs=message), robust=True)


def _write(warning: BudgetWarning) -> str:
    budget = warning.budget
    told = {
        "event": "budget.threshold",
        "budget_id": str(budget.id),
        "period": budget.period,
        "key_id": str(budget.key_id) if budget.key_id else None,
        "percent": warning.percent,
        "amount_microcredits": budget.amount,
        "spent_microcredits": warning.spent,
        "hard": budget.hard,
    }
    return msgspec.json.encode(told).decode()
