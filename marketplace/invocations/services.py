"""Keeps what the gateways read (Redis) the same as what the services write (PostgreSQL)."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass

from billing import api as billing
from marketplace.algorithms.publication import collect_algorithm_entries, publish_fields_now
from marketplace.directory import publisher
from marketplace.organizations.publication import collect_key_entries, publish_keys_now

BATCH = 500
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
    revocation that happens at the same time; in batches, so that no lock is held for long. Safe to repeat and to
    run beside the services.
    """
    keys = publisher.find_differing_keys(collect_key_entries())
    for key_hashes in _batches(keys):
        publish_keys_now(key_hashes)
    algorithms = publisher.find_differing_algorithms(collect_algorithm_entries())
    for fields in _batches(algorithms):
        publish_fields_now(fields)
    report = RefreshReport(len(keys), len(algorithms), billing.rebuild_hot_balances().restored)
    if report != RefreshReport(0, 0, 0):
        logger.info("The directory was refreshed: %s", report)
    return report


def _batches(names: set[str]) -> Iterator[list[str]]:
    """The names in order, BATCH at a time."""
    ordered = sorted(names)
    for start in range(0, len(ordered), BATCH):
        yield ordered[start : start + BATCH]
