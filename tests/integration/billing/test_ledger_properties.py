"""Whatever is posted in whatever order, by whoever at the same time: the books add up."""

import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import psycopg
import pytest
import redis
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.api import check_ledger, share_royalty
from billing.ledger.models import AccountKind, LedgerAccount, TransactionKind
from billing.ledger.services import Movement, grant_credits, open_account, post_transaction
from billing.metering.posting import BatchPoster

from .conftest import database_address, make_event

ORGANIZATIONS = [uuid.UUID(int=number) for number in range(1, 5)]
KEYS = [uuid.UUID(int=number) for number in range(100, 112)]

movements = st.lists(st.tuples(st.sampled_from(ORGANIZATIONS), st.integers(-1_000, 1_000)), min_size=1, max_size=5)
postings = st.lists(st.tuples(st.sampled_from(KEYS), movements, st.booleans()), max_size=15)


def post_or_refuse(key: uuid.UUID, lines: list[tuple[uuid.UUID, int]]) -> bool:
    try:
        with transaction.atomic():
            return post_transaction(
                transaction_id=key,
                kind=TransactionKind.CORRECTION,
                cause="property",
                movements=[Movement(account, amount) for account, amount in lines],
                posted_at=timezone.now(),
            )
    except DatabaseError:
        return False


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(postings=postings)
def test_any_sequence_of_good_and_bad_postings_keeps_the_books(
    postings: list[tuple[uuid.UUID, list[tuple[uuid.UUID, int]], bool]],
) -> None:
    with transaction.atomic():
        accounts = {owner: open_account(kind=AccountKind.CUSTOMER, organization_id=owner) for owner in ORGANIZATIONS}
        suspense = open_account(kind=AccountKind.SUSPENSE)
        expected: Counter[uuid.UUID] = Counter()
        done: set[uuid.UUID] = set()
        for key, owned, completed in postings:
            lines = [(accounts[owner], amount) for owner, amount in owned]
            surplus = sum(amount for _, amount in lines)
            if completed and surplus:
                lines.append((suspense, -surplus))
            good = key not in done and all(amount for _, amount in lines) and (completed or not surplus)
            assert post_or_refuse(key, lines) == good
            if good:
                done.add(key)
                expected.update({account: 0 for account, _ in lines})
                for account, amount in lines:
                    expected[account] += amount
        balances = dict(LedgerAccount.objects.values_list("id", "balance"))
        assert all(balances[account] == amount for account, amount in expected.items())
        assert check_ledger().in_order
        transaction.set_rollback(True)


@pytest.mark.django_db(transaction=True)
def test_drains_and_grants_at_the_same_time_neither_deadlock_nor_lose(client: redis.Redis) -> None:
    organizations = [uuid.uuid4() for _ in range(6)]

    def call(seed: int) -> None:
        with closing(psycopg.connect(database_address(), autocommit=True)) as own:
            poster = BatchPoster(own, share_royalty)
            for turn in range(10):
                payers = organizations[turn % 3 :: 1 if seed % 2 else -1] or organizations
                poster.post([make_event(payer_id=str(one), author_id=str(organizations[seed])) for one in payers])

    def grant(seed: int) -> None:
        try:
            for turn in range(10):
                for one in organizations[:: 1 if (seed + turn) % 2 else -1]:
                    grant_credits(
                        grant_id=uuid.uuid4(), organization_id=one, amount=11, cause="gift", posted_at=timezone.now()
                    )
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        jobs = [pool.submit(call, seed) for seed in range(3)] + [pool.submit(grant, seed) for seed in range(3)]
        for job in jobs:
            job.result()
    report = check_ledger()
    assert report.in_order, report.faults
    assert report.calls_posted == report.calls_recorded > 0
    granted = LedgerAccount.objects.get(kind=AccountKind.PROMOTIONS).balance
    assert granted == -3 * 10 * 6 * 11
