"""Money's one facade: everything that the marketplace may ask of billing.

Amounts are integers of micro-credits (CREDIT of them are one credit) unless a name says credits; times are aware
datetimes; ids are UUIDs. Functions are synchronous and use Django's database connection; MeterWriter is asynchronous
and uses Redis only. Errors are in billing/errors.py.
"""

import os
import uuid
from collections.abc import Callable
from datetime import date, datetime, timedelta

import psycopg
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from billing.ledger import selectors as ledger_selectors
from billing.ledger import services as ledger_services
from billing.ledger.models import AccountKind
from billing.ledger.selectors import EntryLine
from billing.metering import drain, partitions
from billing.metering.closing import LedgerReport, check_ledger
from billing.metering.events import BALANCES as HOT_BALANCES
from billing.metering.events import MeterEvent, Outcome, multiply_memory
from billing.metering.hot_balances import BalanceDifference, RebuildReport, add_on_commit, rebuild_hot_balances
from billing.metering.selectors import (
    CallLine,
    TreeTotals,
    get_call_record,
    list_call_records,
    list_call_tree,
    summarize_call_tree,
)
from billing.metering.statistics import (
    AlgorithmMeasures,
    DayOfCalls,
    count_calls,
    count_calls_by_day,
    measure_algorithms,
    rank_algorithms,
)
from billing.metering.usage import (
    AlgorithmEarnings,
    AlgorithmTotals,
    CallTotals,
    DayTotals,
    Dimension,
    SpanTotals,
    UsageLine,
    find_last_uses,
    summarize_calls,
    summarize_calls_by_algorithm,
    summarize_calls_by_day,
    summarize_earnings,
    summarize_platform_by_day,
    summarize_spans,
    summarize_usage,
)
from billing.metering.writer import MeterWriter
from billing.pricing.rating import CREDIT, Charge, RoyaltyShare, rate, share_royalty
from billing.pricing.selectors import PriceTerms, get_price, get_prices, list_prices
from billing.pricing.services import set_price

__all__ = [
    "CREDIT",
    "HOT_BALANCES",
    "AlgorithmEarnings",
    "AlgorithmMeasures",
    "AlgorithmTotals",
    "BalanceDifference",
    "CallLine",
    "CallTotals",
    "Charge",
    "DayOfCalls",
    "DayTotals",
    "Dimension",
    "EntryLine",
    "LedgerReport",
    "MeterEvent",
    "MeterWriter",
    "Outcome",
    "PriceTerms",
    "RebuildReport",
    "RoyaltyShare",
    "SpanTotals",
    "TreeTotals",
    "UsageLine",
    "check_ledger",
    "count_calls",
    "count_calls_by_day",
    "ensure_partitions",
    "find_last_uses",
    "get_balance",
    "get_call_record",
    "get_earnings",
    "get_price",
    "get_prices",
    "grant_credits",
    "list_call_records",
    "list_call_tree",
    "list_entries",
    "list_prices",
    "measure_algorithms",
    "multiply_memory",
    "open_account",
    "rank_algorithms",
    "rate",
    "rebuild_hot_balances",
    "remove_old_records",
    "run_drain",
    "set_price",
    "share_royalty",
    "summarize_call_tree",
    "summarize_calls",
    "summarize_calls_by_algorithm",
    "summarize_calls_by_day",
    "summarize_earnings",
    "summarize_platform_by_day",
    "summarize_spans",
    "summarize_usage",
]

DRAIN_NICENESS = 10
FREE_CREDITS_NAMESPACE = uuid.UUID("6e0a3c52-3d0e-4a3c-9d6e-0f3b7c1d5a11")
"""Names the grant of free credits of an organization, so that it is made once."""


@transaction.atomic
def open_account(*, organization_id: uuid.UUID, free_credits: int) -> None:
    """Opens the organization's accounts and gives it `free_credits` whole credits. Safe to repeat.

    The hot balance follows when the caller's transaction commits.
    """
    ledger_services.open_account(kind=AccountKind.CUSTOMER, organization_id=organization_id)
    ledger_services.open_account(kind=AccountKind.AUTHOR, organization_id=organization_id)
    if free_credits > 0:
        grant_credits(
            grant_id=uuid.uuid5(FREE_CREDITS_NAMESPACE, str(organization_id)),
            organization_id=organization_id,
            amount=free_credits * CREDIT,
            cause="Free credits",
        )
    else:  # the gateways know an organization by its hot balance
        add_on_commit(organization_id=organization_id, amount=0)


@transaction.atomic
def grant_credits(
    *, grant_id: uuid.UUID, organization_id: uuid.UUID, amount: int, cause: str, at: datetime | None = None
) -> bool:
    """Gives `amount` micro-credits from the platform's promotions; False if this grant was made before.

    The hot balance follows when the caller's transaction commits; when Redis is away then, that is logged, the ledger
    stands, and rebuild_hot_balances() finds it. Raises InvalidAmount.
    """
    granted = ledger_services.grant_credits(
        grant_id=grant_id,
        organization_id=organization_id,
        amount=amount,
        cause=cause,
        posted_at=at or timezone.now(),
    )
    if granted:
        add_on_commit(organization_id=organization_id, amount=amount)
    return granted


def get_balance(organization_id: uuid.UUID) -> int:
    """What the organization can spend, in micro-credits, as posted; calls still in the meter are not yet in it."""
    return ledger_selectors.get_balance(kind=AccountKind.CUSTOMER, organization_id=organization_id)


def get_earnings(organization_id: uuid.UUID) -> int:
    """What the organization's algorithms earned and was not paid out, in micro-credits."""
    return ledger_selectors.get_balance(kind=AccountKind.AUTHOR, organization_id=organization_id)


def list_entries(
    organization_id: uuid.UUID, limit: int, *, before: int | None = None, earnings: bool = False
) -> list[EntryLine]:
    """The latest entries of the organization's spending (or earnings) account, newest first.

    `before` is the id of the last line of the page before.
    """
    kind = AccountKind.AUTHOR if earnings else AccountKind.CUSTOMER
    return ledger_selectors.list_entries(kind=kind, organization_id=organization_id, limit=limit, before=before)


def ensure_partitions(today: date) -> int:
    """Makes the missing partitions of the call records for today and the week after; answers how many."""
    connection.ensure_connection()
    return partitions.ensure_partitions(connection.connection, today)


def remove_old_records(today: date) -> int:
    """Removes call records older than AGORA_CALL_RECORD_DAYS; answers how many days' partitions it dropped."""
    connection.ensure_connection()
    before = today - timedelta(days=settings.CALL_RECORD_DAYS)
    return partitions.remove_old_records(connection.connection, before=before)


def run_drain(stop: Callable[[], bool]) -> None:
    """Moves meter events into call records and the ledger until `stop()`, which is asked at least every second.

    For a process of its own: it makes the process nice, since answering calls comes first. Any number may run; one
    works and the others stand by. Away databases are waited for.
    """
    os.nice(DRAIN_NICENESS)
    database = connection.settings_dict
    conninfo = psycopg.conninfo.make_conninfo(
        dbname=database["NAME"],
        user=database["USER"],
        password=database["PASSWORD"],
        host=database["HOST"],
        port=database["PORT"],
    )
    drain.run(conninfo=conninfo, redis_url=settings.REDIS_URL, share_royalty=share_royalty, stop=stop)
