"""Keeps what the gateways read (Redis) the same as what the services write (PostgreSQL)."""

import logging
from dataclasses import dataclass

from billing import api as billing
from marketplace.algorithms.publication import collect_algorithm_entries, publish_field_now
from marketplace.directory import publisher
from marketplace.organizations.publication import collect_key_entries, publish_key_now

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class RefreshReport:
    """How many entries and balances differed and were written."""

    keys: int
    algorithms: int
    balances: int


def refresh_directory() -> RefreshReport:
    """Writes what differs, and nothing else: prices that came into force, and what a lost Redis forgot.

    Each difference is read again under its row's lock before it is written, so that a refresh never undoes a
    revocation that happens at the same time. Safe to repeat and to run beside the services.
    """
    keys = publisher.find_differing_keys(collect_key_entries())
    for key_hash in keys:
        publish_key_now(key_hash)
    algorithms = publisher.find_differing_algorithms(collect_algorithm_entries())
    for field in algorithms:
        publish_field_now(field)
    report = RefreshReport(len(keys), len(algorithms), billing.rebuild_hot_balances().restored)
    if report != RefreshReport(0, 0, 0):
        logger.info("The directory was refreshed: %s", report)
    return report
