"""What the platform's books say about the calls that the callers received. Django must be set up."""

import time
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import redis
from django.conf import settings

from billing import api as billing
from billing.ledger.models import LedgerTransaction, TransactionKind
from billing.metering.events import BALANCES, STREAM
from billing.metering.models import CallRecord
from marketplace.accounts.models import User
from marketplace.organizations.services import create_api_key, open_personal_organization
from tests.crash.load import Received

CREDITS = 1_000_000
COST_COLUMNS = ("call_id", "compute_charge", "royalty_charge")
DRAINED_SECONDS = 60.0


@dataclass(frozen=True)
class Audit:
    """Of the calls answered with a result: how many are recorded and posted, exactly once each."""

    recorded: int
    posted: int
    duplicates: int
    """Calls that were received, recorded or posted more than once."""
    recorded_unanswered: int
    """Metered calls whose answer a kill kept from the caller."""
    faults: list[str]
    """Whatever else is not as it must be."""


@dataclass(frozen=True)
class Payer:
    """An organization with credits, and its key."""

    organization_id: uuid.UUID
    key: str
    given: int
    """Micro-credits."""


@dataclass(frozen=True)
class Account:
    """What a payer spent, in micro-credits, as everybody has it."""

    received: int
    """The sum of the prices in the answers that came back."""
    lost: int
    """What was recorded of calls whose answer a kill kept from the payer, or that came without a price."""
    ledger: int
    hot: int

    @property
    def agrees(self) -> bool:
        return self.received + self.lost == self.ledger == self.hot


def make_payers(number: int) -> list[Payer]:
    """Makes users with credits and a key."""
    payers = []
    for count in range(number):
        user = User.objects.create_user(f"payer{count}", f"payer{count}@localhost")
        organization = open_personal_organization(user=user)
        billing.grant_credits(
            grant_id=uuid.uuid4(),
            organization_id=organization.id,
            amount=CREDITS * billing.CREDIT,
            cause="Crash test",
        )
        key = create_api_key(organization=organization, name="crash", by=user).text
        payers.append(Payer(organization.id, key, billing.get_balance(organization.id)))
    return payers


def wait_until_drained() -> None:
    """Returns when no meter event is left to record. Raises TimeoutError."""
    deadline = time.monotonic() + DRAINED_SECONDS
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        while client.xlen(STREAM):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{client.xlen(STREAM)} meter events were not recorded in {DRAINED_SECONDS} s")
            time.sleep(0.1)


def audit(received: Received) -> Audit:
    """Compares what was received with what is recorded and posted. Call it when the stream is drained."""
    records = Counter(_ids(CallRecord.objects.values_list("call_id", flat=True)))
    transactions = LedgerTransaction.objects.filter(kind=TransactionKind.CALL)
    posted = CallRecord.objects.filter(posting_id__in=transactions.values("id"))
    postings = Counter(_ids(posted.values_list("call_id", flat=True)))
    answers = Counter(received.results + received.failures)
    twice = {call for counted in (records, postings, answers) for call, times in counted.items() if times > 1}
    return Audit(
        recorded=sum(records[call] == 1 for call in received.results),
        posted=sum(postings[call] == 1 for call in received.results),
        duplicates=len(twice),
        recorded_unanswered=len(records.keys() - answers.keys()),
        faults=_faults(received, records, postings),
    )


def audit_payer(payer: Payer, prices: Mapping[str, int]) -> tuple[Account, list[str]]:
    """What the payer spent, and which of the prices that it was told are not those of its records."""
    rows = CallRecord.objects.filter(payer_id=payer.organization_id)
    costs = {str(call): compute + royalty for call, compute, royalty in rows.values_list(*COST_COLUMNS)}
    wrong = [f"{call} was answered with {price}, not {costs.get(call)}" for call, price in prices.items()
             if costs.get(call) != price]  # fmt: skip
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        hot = int(client.hget(BALANCES, str(payer.organization_id)) or 0)
    account = Account(
        received=sum(prices.values()),
        lost=sum(cost for call, cost in costs.items() if call not in prices),
        ledger=payer.given - billing.get_balance(payer.organization_id),
        hot=payer.given - hot,
    )
    return account, wrong


def _faults(received: Received, records: Counter[str], postings: Counter[str]) -> list[str]:
    faults = [f"the ledger: {name} is {value}" for name, value in billing.check_ledger().faults.items()]
    faults += [f"a failed call has no record: {call}" for call in received.failures if records[call] != 1]
    charged = _ids(CallRecord.objects.exclude(compute_charge=0, royalty_charge=0).values_list("call_id", flat=True))
    royal = _ids(CallRecord.objects.exclude(outcome="ok").exclude(royalty_charge=0).values_list("call_id", flat=True))
    wrongly_posted = set(received.failures) & (postings.keys() ^ set(charged))
    faults += [f"a failed call is not posted as its record says: {call}" for call in wrongly_posted]
    faults += [f"a failed call cost a royalty: {call}" for call in royal]
    faults += [f"a hot balance differs: {difference}" for difference in billing.rebuild_hot_balances().differences]
    return faults


def _ids(values: Iterable[uuid.UUID]) -> list[str]:
    return [str(value) for value in values]
