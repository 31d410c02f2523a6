"""A batch of meter events into PostgreSQL: call records, sums and ledger postings, each once, in one transaction.

Calls that one payer makes of one version are posted together (docs/decisions/0020).
"""

import uuid
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import psycopg
from msgspec.structs import astuple

from billing.ledger.models import AccountKind
from billing.metering.events import MeterEvent
from billing.metering.rollups import SUM_UP

Connection = psycopg.Connection[tuple[object, ...]]
ShareRoyalty = Callable[[int], tuple[int, int]]
"""A royalty in micro-credits to the author's and the platform's part."""

FIELDS = MeterEvent.__struct_fields__
COLUMNS = ", ".join(name for name in FIELDS if name != "started_at")

# The checks stop what the record's types would take and the books must not. The key refuses a call that is there twice,
# its id in other letters, before two payers are charged for it.
PREPARE = """
CREATE TEMPORARY TABLE metering_batch (
    LIKE metering_call_record,
    started_us bigint NOT NULL CHECK (started_us BETWEEN 0 AND 253402300799999999),
    PRIMARY KEY (call_id),
    CHECK (compute_charge >= 0 AND royalty_charge >= author_share AND author_share >= 0)
) ON COMMIT DELETE ROWS;
ALTER TABLE metering_batch ALTER started_at DROP NOT NULL, ALTER recorded_at DROP NOT NULL;
"""

GIVEN = ", ".join("started_us" if name == "started_at" else name for name in FIELDS)
COPY = f"COPY metering_batch ({GIVEN}, author_share, posting_id) FROM STDIN"

# One statement, because the ledger takes transactions and their entries only together; and only what was not
# recorded before goes on to the sums and the ledger, which makes reading an event twice harmless. Records and their
# posting have the same time, so that a close of the books finds both on the same side of it.
POST = f"""
WITH fresh AS (
    INSERT INTO metering_call_record ({COLUMNS}, author_share, posting_id, started_at, recorded_at)
    SELECT {COLUMNS}, author_share, CASE WHEN compute_charge + royalty_charge > 0 THEN posting_id END,
        to_timestamp(started_us / 1000000.0::float8), now() FROM metering_batch
    ON CONFLICT DO NOTHING RETURNING *
), {SUM_UP}, charged AS MATERIALIZED (
    SELECT posting_id AS id, count(*) AS calls, min(algorithm) || '@' || min(version) AS called,
        sum(compute_charge + royalty_charge)::bigint AS charge, sum(author_share)::bigint AS author_share
    FROM fresh WHERE posting_id IS NOT NULL GROUP BY posting_id
), posted AS (
    INSERT INTO ledger_transaction (id, kind, cause, posted_at)
    SELECT id, 'call', called || CASE WHEN calls > 1 THEN ' \u00d7 ' || calls ELSE '' END, now() FROM charged
), entered AS (
    INSERT INTO ledger_entry (transaction_id, account_id, debit, credit)
    SELECT id, line.account_id, line.debit, line.credit
    FROM charged JOIN unnest(%(postings)s::uuid[], %(payers)s::uuid[], %(authors)s::uuid[])
        WITH ORDINALITY AS accounts (id, payer, author, place) USING (id)
    CROSS JOIN LATERAL (VALUES
        (accounts.payer, charge, 0), (accounts.author, 0, author_share),
        (%(platform)s::uuid, 0, charge - author_share)
    ) AS line (account_id, debit, credit)
    WHERE line.debit + line.credit > 0 ORDER BY accounts.place
)
SELECT (SELECT count(*) FROM fresh), (SELECT coalesce(sum(calls), 0) FROM charged)
"""  # noqa: S608 (the only thing put in is the constant above)

OPEN = """
INSERT INTO ledger_account (id, kind, organization_id, balance, opened_at)
SELECT gen_random_uuid(), %(kind)s, organization_id, 0, now() FROM unnest(%(ids)s::uuid[]) AS organization_id
ON CONFLICT DO NOTHING
"""

FIND = """
SELECT organization_id::text, id::text FROM ledger_account
WHERE kind = %(kind)s AND organization_id = ANY(%(ids)s::uuid[])
"""


class Posted(NamedTuple):
    """What a batch added: call records, and calls that the ledger has (those that cost nothing are not posted)."""

    recorded: int
    posted: int


class BatchPoster:
    """Writes batches over one database connection, which it must have to itself (autocommit on)."""

    def __init__(self, connection: Connection, share_royalty: ShareRoyalty) -> None:
        self._connection = connection
        self._share = share_royalty
        # Accounts are never removed, so what was found once holds for the life of the connection.
        self._accounts: dict[AccountKind, dict[str, str]] = {AccountKind.CUSTOMER: {}, AccountKind.AUTHOR: {}}
        connection.execute(PREPARE)
        self._platform = self._open_platform_account()

    def post(self, events: Sequence[MeterEvent]) -> Posted:
        """Commits the events' records and postings; call ids differ. Events posted before change nothing.

        Raises psycopg.DataError or psycopg.IntegrityError, with nothing written, if one of them cannot be stored.
        """
        payers = self._find_accounts(AccountKind.CUSTOMER, {event.payer_id for event in events})
        authors = self._find_accounts(AccountKind.AUTHOR, {event.author_id for event in events})
        groups = _group(events)
        postings = [_name_posting(calls) for calls in groups.values()]
        accounts = {
            "postings": _join(postings),
            "payers": _join(payers[payer] for payer, _, _ in groups),
            "authors": _join(authors[author] for _, author, _ in groups),
            "platform": self._platform,
        }
        with self._connection.transaction(), self._connection.cursor() as cursor:
            with cursor.copy(COPY) as copy:
                for posting, calls in zip(postings, groups.values(), strict=True):
                    for event in calls:
                        copy.write_row((*astuple(event), self._share(event.royalty_charge)[0], posting))
            # Planned afresh each time: a plan kept from when the tables were empty would scan them.
            cursor.execute(POST, accounts, prepare=False)
            recorded, posted = cursor.fetchone() or (0, 0)
        return Posted(int(str(recorded)), int(str(posted)))

    def _find_accounts(self, kind: AccountKind, organization_ids: set[str]) -> dict[str, str]:
        """The accounts known by organization, after those of `organization_ids` were found or opened.

        Opened in a transaction of their own: the batch holds no lock yet, so that nobody waits in a circle.
        """
        known = self._accounts[kind]
        missing = organization_ids - known.keys()
        if missing:
            parameters = {"kind": kind.value, "ids": list(missing)}
            self._connection.execute(OPEN, parameters)
            found = {str(row[0]): str(row[1]) for row in self._connection.execute(FIND, parameters)}
            known.update((text, found[str(uuid.UUID(text))]) for text in missing)
        return known

    def _open_platform_account(self) -> str:
        kind = AccountKind.PLATFORM_REVENUE.value
        self._connection.execute(
            "INSERT INTO ledger_account (id, kind, balance, opened_at) VALUES (gen_random_uuid(), %s, 0, now())"
            " ON CONFLICT DO NOTHING",
            [kind],
        )
        row = self._connection.execute("SELECT id::text FROM ledger_account WHERE kind = %s", [kind]).fetchone()
        assert row is not None, "just opened, and accounts are never removed"
        return str(row[0])


def _group(events: Iterable[MeterEvent]) -> dict[tuple[str, str, str], list[MeterEvent]]:
    """The calls that are posted together: by who pays, who earns, and the version."""
    groups: dict[tuple[str, str, str], list[MeterEvent]] = {}
    for event in events:
        groups.setdefault((event.payer_id, event.author_id, event.version_id), []).append(event)
    return groups


def _join(ids: Iterable[str]) -> str:
    """An array as PostgreSQL reads it: to have psycopg write the three cost 11 microseconds for each posting."""
    return f"{{{','.join(ids)}}}"


def _name_posting(calls: Sequence[MeterEvent]) -> str:
    """A posting of one call has the call's id. One of several has its own: some of them may have been posted before."""
    return calls[0].call_id if len(calls) == 1 else str(uuid.uuid4())
