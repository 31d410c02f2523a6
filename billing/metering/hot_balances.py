"""The hot balances: what each organization may still spend, in Redis, so that a call needs no database.

Calls charge them in the writer's script; everything else that moves a customer's balance changes them here, after its
commit, and tells the gateways.
"""

import json
import logging
import uuid
from dataclasses import dataclass

from django.db import transaction

from billing.ledger.models import AccountKind, LedgerAccount
from billing.metering.connecting import connect
from billing.metering.events import BALANCES, MeterEvent
from billing.metering.rebuilding import Amount, Changes, Rebuilt, Recorded, rebuild

CHANGES = "directory:changes"
"""The channel on which gateways hear what to read again (its messages are the directory's `Change`)."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class BalanceDifference:
    """A hot balance that is not what the ledger and the meter stream say, in micro-credits."""

    organization_id: uuid.UUID
    hot: int
    expected: int


@dataclass(frozen=True)
class RebuildReport:
    """How many missing hot balances were set, and which of the others differ; nothing is done about those.

    `counts` are the counts that were set beside them.
    """

    restored: int
    differences: tuple[BalanceDifference, ...]
    counts: int = 0


def add_on_commit(*, organization_id: uuid.UUID, amount: int) -> None:
    """Adds to the hot balance when the current transaction commits; a Redis that is away then is only logged."""

    def add() -> None:  # not a partial, which Django cannot name in its log
        add_to_balance(organization_id=organization_id, amount=amount)

    transaction.on_commit(add, robust=True)


def add_to_balance(*, organization_id: uuid.UUID, amount: int) -> None:
    """Adds micro-credits (negative: takes) to the hot balance and tells the gateways."""
    with connect() as client, client.pipeline(transaction=True) as pipeline:
        pipeline.hincrby(BALANCES, str(organization_id), amount)
        pipeline.publish(CHANGES, _change(str(organization_id)))
        pipeline.execute()


def rebuild_hot_balances() -> RebuildReport:
    """Sets each missing hot balance to the ledger's, less the charges that are still in the meter stream.

    Differences of the others are reported, and nothing is done about them: a grant that is merely in flight is among
    them. Safe to repeat.
    """
    return tell_gateways(rebuild(read_balances, charge))


def read_balances() -> dict[Amount, Recorded]:
    """What each customer's hot balance is by the ledger alone."""
    accounts = LedgerAccount.objects.filter(kind=AccountKind.CUSTOMER).values_list("organization_id", "balance")
    return {Amount(BALANCES, str(organization)): Recorded(balance) for organization, balance in accounts}


def charge(event: MeterEvent) -> Changes:
    """What a call does to its payer's hot balance."""
    yield Amount(BALANCES, event.payer_id), -(event.compute_charge + event.royalty_charge)


def tell_gateways(rebuilt: Rebuilt) -> RebuildReport:
    """Has gateways read the hot balances that were set, and logs those that differ."""
    restored = [amount.field for amount in rebuilt.restored if amount.key == BALANCES]
    with connect() as client, client.pipeline(transaction=False) as pipeline:
        for field in restored:
            pipeline.publish(CHANGES, _change(field))
        pipeline.execute()
    differences = [
        BalanceDifference(uuid.UUID(amount.field), hot, expected)
        for amount, (hot, expected) in rebuilt.differences.items()
        if amount.key == BALANCES
    ]
    for difference in differences:
        logger.warning("The hot balance differs from the ledger: %s", difference)
    return RebuildReport(len(restored), tuple(differences), len(rebuilt.restored) - len(restored))


def _change(field: str) -> str:
    return json.dumps({"kind": "balances", "field": field})
