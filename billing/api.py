"""Money's one facade: everything that the marketplace may ask of billing.

Amounts are integers of micro-credits (CREDIT of them are one credit) unless a name says credits; times are aware
datetimes; ids are UUIDs. Functions are synchronous and use Django's database connection; MeterWriter is asynchronous
and uses Redis only. Errors are in billing/errors.py.
"""

import uuid
from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from billing.budgets.models import Budget, KeyLimit
from billing.budgets.rebuilding import rebuild_redis
from billing.budgets.selectors import (
    BudgetLine,
    collect_budgets,
    collect_key_limits,
    list_budgets,
    list_key_limits,
)
from billing.budgets.services import BudgetWarning, notice_crossings, remove_budget, set_budget, set_key_limit
from billing.ledger import selectors as ledger_selectors
from billing.ledger import services as ledger_services
from billing.ledger.models import AccountKind, LedgerClose
from billing.ledger.selectors import EntryLine, list_closes
from billing.metering import upkeep
from billing.metering.closing import LedgerReport, check_ledger
from billing.metering.counters import SPENT as SPENT_COUNTS
from billing.metering.counters import (
    Count,
    Period,
    count_free_calls,
    count_kept_seconds,
    free_calls_field,
    free_calls_key,
    read_number,
    spent_field,
    spent_key,
)
from billing.metering.daily_close import close_books
from billing.metering.events import BALANCES as HOT_BALANCES
from billing.metering.events import MeterEvent, Outcome, Waiver, multiply_memory
from billing.metering.hot_balances import BalanceDifference, RebuildReport, add_on_commit, rebuild_hot_balances
from billing.metering.rebuilding import is_whole as is_redis_whole
from billing.metering.selectors import (
    CallLine,
    find_recorded_calls,
    get_call_record,
    list_call_records,
    list_call_tree,
)
from billing.metering.statistics import (
    AlgorithmMeasures,
    DayOfCalls,
    DayOfTimes,
    VersionMeasures,
    count_calls,
    count_calls_by_day,
    has_called,
    list_callers,
    measure_algorithms,
    measure_times_by_day,
    measure_versions,
    rank_algorithms,
)
from billing.metering.upkeep import ensure_partitions, remove_old_records
from billing.metering.usage import (
    AlgorithmEarnings,
    AlgorithmTotals,
    CallTotals,
    DayTotals,
    Dimension,
    Span,
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
from billing.payments import webhooks
from billing.payments.client import is_enabled as payments_enabled
from billing.payments.customers import TAX_ID_KINDS, Buyer, find_customer, set_tax_id
from billing.payments.invoices import issue_invoice, push_invoice, set_terms
from billing.payments.models import Invoice, InvoiceState, Notice, Payment, PaymentState, Reconciliation, TopUp
from billing.payments.notices import send_notices, tell_owners
from billing.payments.postings import to_cents
from billing.payments.purchases import (
    LARGEST_CENTS,
    SMALLEST_CENTS,
    CheckoutPage,
    look_again,
    refund_payment,
    start_checkout,
)
from billing.payments.reconciliation import reconcile_latest
from billing.payments.selectors import (
    PlatformFigures,
    get_platform_figures,
    list_disputes,
    list_failing_events,
    list_invoices,
    list_payments,
    list_reconciliations,
    list_terms,
    list_unpushed_invoices,
)
from billing.payments.top_ups import find_top_up, run_top_ups, set_top_up, sum_top_ups
from billing.payments.webhooks import list_waiting_events, look_at_unfinished, receive_event
from billing.payouts import webhooks as payout_webhooks
from billing.payouts.models import Payout, PayoutAccount, PayoutState
from billing.payouts.selectors import find_payout_account, list_held_payouts, list_payouts
from billing.payouts.services import (
    apply_account,
    begin_payout,
    run_payouts,
    send_payout,
    set_automatic,
    start_onboarding,
)
from billing.pricing.rating import (
    CREDIT,
    Charge,
    RoyaltyShare,
    default_compute_per_second,
    rate,
    share_royalty,
)
from billing.pricing.selectors import (
    PriceSchedule,
    PriceTerms,
    get_price,
    get_price_schedules,
    get_prices,
    list_prices,
)
from billing.pricing.services import set_price

__all__ = [
    "CREDIT",
    "HOT_BALANCES",
    "LARGEST_CENTS",
    "SMALLEST_CENTS",
    "SPENT_COUNTS",
    "TAX_ID_KINDS",
    "AlgorithmEarnings",
    "AlgorithmMeasures",
    "AlgorithmTotals",
    "BalanceDifference",
    "Budget",
    "BudgetLine",
    "BudgetWarning",
    "Buyer",
    "CallLine",
    "CallTotals",
    "Charge",
    "CheckoutPage",
    "Count",
    "DayOfCalls",
    "DayOfTimes",
    "DayTotals",
    "Dimension",
    "EntryLine",
    "Invoice",
    "InvoiceState",
    "KeyLimit",
    "LedgerClose",
    "LedgerReport",
    "MeterEvent",
    "MeterWriter",
    "Notice",
    "Outcome",
    "Payment",
    "PaymentState",
    "Payout",
    "PayoutAccount",
    "PayoutState",
    "Period",
    "PlatformFigures",
    "PriceSchedule",
    "PriceTerms",
    "RebuildReport",
    "Reconciliation",
    "RoyaltyShare",
    "Span",
    "SpanTotals",
    "TopUp",
    "UsageLine",
    "VersionMeasures",
    "Waiver",
    "apply_account",
    "begin_payout",
    "check_ledger",
    "close_books",
    "collect_budgets",
    "collect_key_limits",
    "count_calls",
    "count_calls_by_day",
    "count_free_calls",
    "count_kept_seconds",
    "default_compute_per_second",
    "ensure_partitions",
    "find_customer",
    "find_last_uses",
    "find_payout_account",
    "find_recorded_calls",
    "find_top_up",
    "free_calls_field",
    "free_calls_key",
    "get_balance",
    "get_call_record",
    "get_earnings",
    "get_platform_figures",
    "get_price",
    "get_price_schedules",
    "get_prices",
    "grant_credits",
    "has_called",
    "is_redis_whole",
    "issue_invoice",
    "list_budgets",
    "list_call_records",
    "list_call_tree",
    "list_callers",
    "list_closes",
    "list_disputes",
    "list_entries",
    "list_failing_events",
    "list_held_payouts",
    "list_invoices",
    "list_key_limits",
    "list_payments",
    "list_payouts",
    "list_prices",
    "list_reconciliations",
    "list_terms",
    "list_unpushed_invoices",
    "list_waiting_events",
    "look_again",
    "look_at_unfinished",
    "measure_algorithms",
    "measure_times_by_day",
    "measure_versions",
    "multiply_memory",
    "notice_crossings",
    "open_account",
    "payments_enabled",
    "process_event",
    "push_invoice",
    "rank_algorithms",
    "rate",
    "read_number",
    "rebuild_hot_balances",
    "rebuild_redis",
    "receive_event",
    "reconcile_latest",
    "refund_payment",
    "remove_budget",
    "remove_old_records",
    "run_drain",
    "run_payouts",
    "run_top_ups",
    "send_notices",
    "send_payout",
    "set_automatic",
    "set_budget",
    "set_key_limit",
    "set_price",
    "set_tax_id",
    "set_terms",
    "set_top_up",
    "share_royalty",
    "spent_field",
    "spent_key",
    "start_checkout",
    "start_onboarding",
    "sum_top_ups",
    "summarize_calls",
    "summarize_calls_by_algorithm",
    "summarize_calls_by_day",
    "summarize_earnings",
    "summarize_platform_by_day",
    "summarize_spans",
    "summarize_usage",
    "tell_owners",
    "to_cents",
]

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


def process_event(event_id: str) -> bool:
    """Acts on an event that Stripe sent and receive_event() kept; False if that was done before.

    What goes wrong is noted on the event, and raised: try again later.
    """
    handlers = {**webhooks.HANDLERS, **payout_webhooks.HANDLERS}
    return webhooks.process_event(event_id=event_id, handlers=handlers)


def run_drain(stop: Callable[[], bool]) -> None:
    """Moves meter events into call records, sums and the ledger until `stop()`, asked at least every second.

    For a process of its own.
    """
    upkeep.run_drain(stop=stop, share_royalty=share_royalty)
