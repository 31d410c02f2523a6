"""Housekeeping: what the gateways read (Redis) is what the services write (PostgreSQL), and old calls are forgotten."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from billing import api as billing
from marketplace.algorithms.approvals import collect_approvals_entries, publish_approvals_now
from marketplace.algorithms.publication import collect_algorithm_entries, publish_fields_now
from marketplace.algorithms.selectors import map_versions
from marketplace.batches import in_batches
from marketplace.directory import publisher
from marketplace.invocations.async_selectors import KEPT_DAYS
from marketplace.invocations.contents import delete_contents
from marketplace.invocations.models import AsyncCall, Batch
from marketplace.organizations.limits import collect_limits_entries, publish_limits_now
from marketplace.organizations.publication import collect_key_entries, publish_keys_now

BATCH = 500
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class RefreshReport:
    """How many entries and balances differed and were written."""

    keys: int
    algorithms: int
    balances: int
    limits: int = 0
    approvals: int = 0


def refresh_directory() -> RefreshReport:
    """Writes what differs, and nothing else: prices that came into force, and what a lost Redis forgot.

    Each difference is read again under its row's lock before it is written, so that a refresh never undoes a
    revocation that happens at the same time; in batches, so that no lock is held for long. Safe to repeat and to
    run beside the services.
    """
    keys = publisher.find_differing_keys(collect_key_entries())
    for key_hashes in in_batches(sorted(keys), BATCH):
        publish_keys_now(key_hashes)
    algorithms = publisher.find_differing_algorithms(collect_algorithm_entries())
    for fields in in_batches(sorted(algorithms), BATCH):
        publish_fields_now(fields)
    money = billing.rebuild_redis(map_versions, timezone.now())
    expected = collect_limits_entries()
    limits = set(expected) if money.counts else publisher.find_differing_limits(expected)
    for organization_ids in in_batches(sorted(limits), BATCH):
        publish_limits_now([UUID(text) for text in organization_ids])
    approvals = publisher.find_differing_approvals(collect_approvals_entries())
    for organization_ids in in_batches(sorted(approvals), BATCH):
        publish_approvals_now([UUID(text) for text in organization_ids])
    report = RefreshReport(len(keys), len(algorithms), money.restored, len(limits), len(approvals))
    if report != RefreshReport(0, 0, 0):
        logger.info("The directory was refreshed: %s", report)
    return report


def refresh_lost_directory() -> bool:
    """Fills a Redis that lost its data; whether it had."""
    if billing.is_redis_whole():
        return False
    logger.error("Redis lost its data: what it must know is made anew from PostgreSQL")
    refresh_directory()
    return True


def clear_finished_calls(*, now: datetime) -> int:
    """Forgets calls, and their batches, that finished more than KEPT_DAYS days ago; how many calls those were."""
    old = AsyncCall.objects.filter(finished_at__lt=now - timedelta(days=KEPT_DAYS)).order_by("finished_at")
    cleared = 0
    while call_ids := list(old.values_list("pk", flat=True)[:BATCH]):
        for call_id in call_ids:
            delete_contents(call_id)
        AsyncCall.objects.filter(pk__in=call_ids).delete()
        cleared += len(call_ids)
    Batch.objects.filter(created_at__lt=now - timedelta(days=KEPT_DAYS), calls=None).delete()
    return cleared
