"""What pages read: calls, pages of them, totals, entries, earnings."""

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
import redis

from billing.api import (
    get_call_record,
    list_call_records,
    list_entries,
    open_account,
    summarize_calls,
    summarize_calls_by_algorithm,
    summarize_calls_by_day,
    summarize_earnings,
)
from billing.metering.drain import Drain

from .conftest import append_events, make_event

TODAY = date(2031, 5, 20)
NOON = datetime(2031, 5, 20, 12, tzinfo=UTC)
PAYER, AUTHOR = uuid.uuid4(), uuid.uuid4()


def microseconds(moment: datetime) -> int:
    return round(moment.timestamp()) * 1_000_000


@pytest.fixture
def calls(drain: Drain, client: redis.Redis) -> list[uuid.UUID]:
    """Seven calls of one payer, oldest first, at noon of the last four days; the last two at the same moment."""
    events = []
    for number, days_ago in enumerate([3, 2, 2, 1, 1, 0, 0]):
        failed = number == 1
        events.append(
            make_event(
                call_id=str(uuid.UUID(int=number + 1)),
                payer_id=str(PAYER),
                author_id=str(AUTHOR),
                algorithm="ann/echo" if number % 2 else "ann/sum",
                started_at=microseconds(NOON - timedelta(days=days_ago)),
                outcome="timeout" if failed else "ok",
                compute_charge=0 if failed else 10,
                royalty_charge=0 if failed else 100 + number,
            )
        )
    append_events(client, *events, make_event(started_at=microseconds(NOON)))
    drain.drain_batch()
    return [uuid.UUID(event.call_id) for event in events]


def test_pages_of_calls_follow_one_another_without_gap_or_overlap(calls: list[uuid.UUID]) -> None:
    seen: list[uuid.UUID] = []
    page = list_call_records(payer_id=PAYER, limit=3)
    while page:
        seen += [line.call_id for line in page]
        page = list_call_records(payer_id=PAYER, limit=3, before=seen[-1])
    assert seen == calls[::-1]


def test_the_author_sees_the_same_calls_and_a_stranger_none(calls: list[uuid.UUID]) -> None:
    assert len(list_call_records(author_id=AUTHOR, limit=10)) == 7
    assert list_call_records(payer_id=AUTHOR, limit=10) == []
    assert list_call_records(payer_id=PAYER, limit=10, before=uuid.uuid4()) == []
    assert len(list_call_records(payer_id=PAYER, root_id=uuid.uuid4(), limit=10)) == 0


def test_everybodys_calls_cannot_be_asked_for_by_mistake(db: None) -> None:
    with pytest.raises(TypeError, match="Name the organization"):
        list_call_records(limit=10)


def test_one_call(calls: list[uuid.UUID]) -> None:
    line = get_call_record(call_id=calls[3])
    assert line is not None
    assert line.cost == 113
    assert get_call_record(call_id=uuid.uuid4()) is None


def test_totals(calls: list[uuid.UUID]) -> None:
    totals = summarize_calls(payer_id=PAYER, since=NOON - timedelta(days=2))
    assert (totals.calls, totals.failed, totals.cost, totals.run_us) == (6, 1, 5 * 110 + 2 + 3 + 4 + 5 + 6, 1_800)
    nothing = summarize_calls(payer_id=uuid.uuid4(), since=NOON)
    assert (nothing.calls, nothing.failed, nothing.cost, nothing.run_us) == (0, 0, 0, 0)


def test_totals_by_day_have_a_line_for_each_day(calls: list[uuid.UUID]) -> None:
    lines = summarize_calls_by_day(payer_id=PAYER, days=5, today=TODAY)
    assert [line.day for line in lines] == [TODAY - timedelta(days=back) for back in (4, 3, 2, 1, 0)]
    assert [line.totals.calls for line in lines] == [0, 1, 2, 2, 2]
    assert [line.totals.failed for line in lines] == [0, 0, 1, 0, 0]
    assert lines[1].totals.cost == 110


def test_totals_by_algorithm_start_with_the_dearest(calls: list[uuid.UUID]) -> None:
    lines = summarize_calls_by_algorithm(payer_id=PAYER, since=NOON - timedelta(days=9), limit=5)
    assert [(line.algorithm, line.totals.calls) for line in lines] == [("ann/sum", 4), ("ann/echo", 3)]
    assert len(summarize_calls_by_algorithm(payer_id=PAYER, since=NOON - timedelta(days=9), limit=1)) == 1


def test_earnings_are_the_authors_share_as_posted(calls: list[uuid.UUID]) -> None:
    lines = summarize_earnings(author_id=AUTHOR, since=NOON - timedelta(days=9), limit=5)
    assert [(line.algorithm, line.calls, line.earned) for line in lines] == [
        ("ann/sum", 4, 80 + 81 + 83 + 84),
        ("ann/echo", 2, 82 + 84),
    ]


def test_the_calls_of_an_entry(drain: Drain, client: redis.Redis) -> None:
    events = [make_event(payer_id=str(PAYER), author_id=str(AUTHOR), version_id=str(AUTHOR)) for _ in range(3)]
    alone = make_event(payer_id=str(PAYER), author_id=str(AUTHOR))
    append_events(client, *events, alone)
    drain.drain_batch()
    ids = {entry.transaction_id for entry in list_entries(PAYER, 5)}
    assert ids == {entry.transaction_id for entry in list_entries(AUTHOR, 5, earnings=True)}
    found = sorted(
        [sorted(str(call.call_id) for call in list_call_records(payer_id=PAYER, posting_id=each, limit=9))
         for each in ids], key=len
    )  # fmt: skip
    assert found == [[alone.call_id], sorted(event.call_id for event in events)]
    for posting in ids:
        paid = list_call_records(payer_id=PAYER, posting_id=posting, limit=9)
        assert paid == list_call_records(author_id=AUTHOR, posting_id=posting, limit=9)
        assert list_call_records(payer_id=AUTHOR, posting_id=posting, limit=9) == []
    assert list_call_records(payer_id=PAYER, posting_id=uuid.uuid4(), limit=9) == []


def test_entries_newest_first_and_paged(calls: list[uuid.UUID]) -> None:
    open_account(organization_id=PAYER, free_credits=1)
    lines = list_entries(PAYER, 3)
    assert [(line.kind, line.amount) for line in lines] == [("grant", 1_000_000), ("call", -116), ("call", -115)]
    rest = list_entries(PAYER, 10, before=lines[-1].id)
    assert [line.amount for line in rest] == [-114, -113, -112, -110]
    assert len(list_entries(AUTHOR, 10, earnings=True)) == 6
    assert list_entries(uuid.uuid4(), 10) == []
