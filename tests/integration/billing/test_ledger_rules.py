"""PostgreSQL keeps the ledger's rules against any hand, ours included."""

import uuid

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from billing.api import check_ledger, get_balance, grant_credits
from billing.errors import InvalidAmount
from billing.ledger.models import AccountKind, LedgerAccount, LedgerEntry, LedgerTransaction, TransactionKind
from billing.ledger.services import Movement, open_account, post_transaction

pytestmark = pytest.mark.django_db


@pytest.fixture
def accounts() -> tuple[uuid.UUID, uuid.UUID]:
    return (
        open_account(kind=AccountKind.PROMOTIONS),
        open_account(kind=AccountKind.CUSTOMER, organization_id=uuid.uuid4()),
    )


def post(*movements: tuple[uuid.UUID, int], transaction_id: uuid.UUID | None = None) -> bool:
    return post_transaction(
        transaction_id=transaction_id or uuid.uuid4(),
        kind=TransactionKind.CORRECTION,
        cause="test",
        movements=[Movement(account, amount) for account, amount in movements],
        posted_at=timezone.now(),
    )


def refuse(statement: str, parameters: list[object] | None = None) -> str:
    """Runs the statement, which must fail, and answers the database's message."""
    with pytest.raises(DatabaseError) as refusal, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, parameters)
    return str(refusal.value)


def balance(account_id: uuid.UUID) -> int:
    return LedgerAccount.objects.get(id=account_id).balance


@pytest.mark.parametrize("table", ["ledger_transaction", "ledger_entry"])
@pytest.mark.parametrize("verb", ["UPDATE {} SET id = id", "DELETE FROM {}"])
def test_what_was_posted_is_never_changed(accounts: tuple[uuid.UUID, uuid.UUID], table: str, verb: str) -> None:
    post((accounts[0], -5), (accounts[1], 5))
    assert "append-only" in refuse(verb.format(table))


@pytest.mark.parametrize("table", ["ledger_transaction", "ledger_entry", "ledger_account"])
def test_the_ledger_is_never_truncated(table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER {table}_no_truncate")
    assert "append-only" in refuse(f"TRUNCATE {table} CASCADE")


def test_the_orm_cannot_change_it_either(accounts: tuple[uuid.UUID, uuid.UUID]) -> None:
    post((accounts[0], -5), (accounts[1], 5))
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        LedgerEntry.objects.filter(account_id=accounts[1]).update(credit=6)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        LedgerTransaction.objects.all()._raw_delete("default")


@pytest.mark.parametrize("amounts", [(-5, 4), (5, 5), (-1, -1)])
def test_an_unbalanced_transaction_is_refused(accounts: tuple[uuid.UUID, uuid.UUID], amounts: tuple[int, int]) -> None:
    with pytest.raises(DatabaseError, match="does not balance"), transaction.atomic():
        post((accounts[0], amounts[0]), (accounts[1], amounts[1]))
    assert balance(accounts[1]) == 0


def test_two_wrongs_in_one_statement_do_not_make_a_right(accounts: tuple[uuid.UUID, uuid.UUID]) -> None:
    statement = """
        WITH posted AS (
            INSERT INTO ledger_transaction (id, kind, cause, posted_at)
            VALUES (%s, 'correction', '', now()), (%s, 'correction', '', now()) RETURNING id
        )
        INSERT INTO ledger_entry (transaction_id, account_id, debit, credit) VALUES (%s, %s, 0, 5), (%s, %s, 5, 0)
    """
    first, second = uuid.uuid4(), uuid.uuid4()
    assert "does not balance" in refuse(statement, [first, second, first, accounts[0], second, accounts[1]])


def test_a_transaction_without_entries_is_refused() -> None:
    statement = "INSERT INTO ledger_transaction (id, kind, cause, posted_at) VALUES (%s, 'grant', '', now())"
    assert "has no entries" in refuse(statement, [uuid.uuid4()])


def test_entries_without_a_transaction_are_refused(accounts: tuple[uuid.UUID, uuid.UUID]) -> None:
    statement = (
        "INSERT INTO ledger_entry (transaction_id, account_id, debit, credit) VALUES (%s, %s, 0, 5), (%s, %s, 5, 0)"
    )
    nothing = uuid.uuid4()
    assert "does not exist" in refuse(statement, [nothing, accounts[0], nothing, accounts[1]])


def test_entries_cannot_be_added_to_a_posted_transaction(accounts: tuple[uuid.UUID, uuid.UUID]) -> None:
    posted = uuid.uuid4()
    post((accounts[0], -5), (accounts[1], 5), transaction_id=posted)
    statement = (
        "INSERT INTO ledger_entry (transaction_id, account_id, debit, credit) VALUES (%s, %s, 0, 5), (%s, %s, 5, 0)"
    )
    assert "posted before" in refuse(statement, [posted, accounts[0], posted, accounts[1]])
    assert balance(accounts[1]) == 5


def test_an_entry_has_exactly_one_side(accounts: tuple[uuid.UUID, uuid.UUID]) -> None:
    statement = "INSERT INTO ledger_entry (transaction_id, account_id, debit, credit) VALUES (%s, %s, %s, %s)"
    for debit, credit in [(0, 0), (5, 5), (-5, 0), (0, -5)]:
        assert "ledger_entry_one_side" in refuse(statement, [uuid.uuid4(), accounts[0], debit, credit])


def test_an_unknown_account_is_refused(accounts: tuple[uuid.UUID, uuid.UUID]) -> None:
    with pytest.raises(DatabaseError, match="do not exist"), transaction.atomic():
        post((accounts[0], -5), (uuid.uuid4(), 5))


def test_a_balance_changes_only_by_entries(accounts: tuple[uuid.UUID, uuid.UUID]) -> None:
    assert "only by entries" in refuse("UPDATE ledger_account SET balance = 1000000")
    assert "append-only" in refuse("DELETE FROM ledger_account")
    opened_rich = (
        "INSERT INTO ledger_account (id, kind, organization_id, balance, opened_at) VALUES (%s, 'author', %s, 9, now())"
    )
    assert "balance of zero" in refuse(opened_rich, [uuid.uuid4(), uuid.uuid4()])


def test_an_owner_has_one_account_of_a_kind() -> None:
    organization = uuid.uuid4()
    for kind, owner in [(AccountKind.CUSTOMER, organization), (AccountKind.PLATFORM_REVENUE, None)]:
        first = open_account(kind=kind, organization_id=owner)
        assert open_account(kind=kind, organization_id=owner) == first
        with pytest.raises(DatabaseError), transaction.atomic():
            LedgerAccount.objects.create(kind=kind, organization_id=owner)


@pytest.mark.parametrize(("kind", "owned"), [("customer", False), ("author", False), ("promotions", True)])
def test_an_account_has_the_owner_that_its_kind_needs(kind: str, owned: bool) -> None:
    with pytest.raises(DatabaseError, match="has_its_owner"), transaction.atomic():
        LedgerAccount.objects.create(kind=kind, organization_id=uuid.uuid4() if owned else None)


def test_the_same_grant_is_made_once() -> None:
    organization, grant = uuid.uuid4(), uuid.uuid4()
    answers = [grant_credits(grant_id=grant, organization_id=organization, amount=7, cause="gift") for _ in range(3)]
    assert answers == [True, False, False]
    assert get_balance(organization) == 7
    assert check_ledger().in_order


@pytest.mark.parametrize("amount", [0, -1])
def test_a_grant_is_positive(amount: int) -> None:
    with pytest.raises(InvalidAmount):
        grant_credits(grant_id=uuid.uuid4(), organization_id=uuid.uuid4(), amount=amount, cause="gift")


def test_an_amount_beyond_the_books_is_refused(accounts: tuple[uuid.UUID, uuid.UUID]) -> None:
    most = 2**63 - 1
    assert post((accounts[0], -most), (accounts[1], most))
    with pytest.raises(DatabaseError, match="out of range"), transaction.atomic():
        post((accounts[0], -2), (accounts[1], 2))
