"""An account with very many calls, written in bulk: what the drain would have written in half an hour."""

import uuid
from datetime import date, timedelta
from typing import Any

from django.db import connection

from billing.metering.rollups import SUM_UP

DAYS = 30
"""As many as the pages show."""
ALGORITHMS = 60
VERSIONS_EACH = 3
KEYS = 12
TREES = 20
"""One call in so many is below another."""

# Ids of version 7, as gateways make them: they begin with the time. Popular algorithms and keys are called most.
RECORDS = f"""
INSERT INTO metering_call_record (call_id, started_at, root_id, parent_id, payer_id, author_id, key_id, member_id,
    algorithm, version_id, version, environment, queue_us, load_us, run_us, cpu_us, peak_memory_bytes, bytes_in,
    bytes_out, cold, outcome, compute_charge, royalty_charge, memory_byte_seconds, compute_per_second, royalty_per_call,
    author_share, posting_id)
SELECT call_id, started_at, CASE WHEN number %% {TREES} = 0 THEN lag(call_id) OVER (ORDER BY number) ELSE call_id END,
    CASE WHEN number %% {TREES} = 0 THEN lag(call_id) OVER (ORDER BY number) END, %(payer)s, %(author)s,
    (%(keys)s::uuid[])[1 + which_key], (%(members)s::bigint[])[1 + which_key %% cardinality(%(members)s::bigint[])],
    'author/tool' || tool, md5(tool || '.' || version)::uuid, version || '.0.0', 'python3', 20, 0, run_us, run_us,
    20000000, 64, 64, false, CASE WHEN number %% 97 = 0 THEN 'algorithm_error' ELSE 'ok' END, run_us,
    CASE WHEN tool %% 2 = 0 AND number %% 97 <> 0 THEN 1000 ELSE 0 END, 20 * run_us, 1000000, 1000,
    CASE WHEN tool %% 2 = 0 AND number %% 97 <> 0 THEN 800 ELSE 0 END, call_id
FROM (
    SELECT number, started_at, (200 - 5000 * ln(1 - random()))::bigint AS run_us,
        ({ALGORITHMS - 1} * random() * random())::int AS tool,
        1 + ({VERSIONS_EACH - 1} * random() * random())::int AS version,
        ({KEYS - 1} * random() * random())::int AS which_key,
        (lpad(to_hex((extract(epoch FROM started_at) * 1000)::bigint), 12, '0') || '7' || substr(chance, 1, 3) || '8'
            || substr(chance, 4, 15))::uuid AS call_id
    FROM (
        SELECT number, %(day)s::timestamp AT TIME ZONE 'UTC' + %(span)s * (number - 1) / %(rows)s AS started_at,
            md5(number || %(day)s::text) AS chance
        FROM generate_series(1, %(rows)s) AS number
    ) AS moments
) AS calls
"""
SUM_UP_DAY = f"""
WITH fresh AS (
    SELECT * FROM metering_call_record
    WHERE started_at >= %(day)s::timestamp AT TIME ZONE 'UTC'
), {SUM_UP} SELECT 1
"""
TRANSACTIONS = """
INSERT INTO ledger_transaction (id, kind, cause, posted_at)
SELECT call_id, 'call', algorithm || '@' || version, started_at FROM metering_call_record
WHERE started_at >= %(day)s::timestamp AT TIME ZONE 'UTC'
"""
ENTRIES = """
INSERT INTO ledger_entry (transaction_id, account_id, debit, credit)
SELECT call_id, line.account_id, line.debit, line.credit
FROM metering_call_record CROSS JOIN LATERAL (VALUES
    (%(customer)s::uuid, compute_charge + royalty_charge, 0),
    (%(earner)s::uuid, 0, author_share), (%(platform)s::uuid, 0, compute_charge + royalty_charge - author_share)
) AS line (account_id, debit, credit)
WHERE started_at >= %(day)s::timestamp AT TIME ZONE 'UTC' AND line.debit + line.credit > 0
"""
BALANCES = """
UPDATE ledger_account SET balance = balance + moved.amount
FROM (SELECT account_id, sum(credit) - sum(debit) AS amount FROM ledger_entry
      JOIN ledger_transaction t ON t.id = transaction_id WHERE t.kind = 'call' GROUP BY account_id) AS moved
WHERE id = account_id
"""


def insert_calls(
    rows: int, *, payer: uuid.UUID, author: uuid.UUID, keys: list[uuid.UUID], members: list[int], today: date,
    now_share: float,
) -> None:  # fmt: skip
    """So many calls of `payer`, evenly over the last DAYS days, `now_share` of today: records, sums, and postings.

    Day after day, today last. The ledger's rules are off meanwhile: they are measured by drain-bench.
    """
    names = {"payer": payer, "author": author, "keys": keys, "members": members, **_open_accounts(payer, author)}
    each = int(rows / (DAYS - 1 + now_share))
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("SET work_mem = '256MB'")
        for ago in reversed(range(DAYS)):
            share = 1.0 if ago else now_share
            values: dict[str, Any] = names | {"day": today - timedelta(days=ago), "rows": max(1, int(each * share))}
            values["span"] = timedelta(days=share)
            cursor.execute("SELECT metering_ensure_partition(%(day)s)", values)
            for statement in (RECORDS, SUM_UP_DAY, TRANSACTIONS, ENTRIES):
                cursor.execute(statement, values)
        cursor.execute(BALANCES)
        cursor.execute("SET session_replication_role = origin")
        cursor.execute("RESET work_mem")
        cursor.execute("VACUUM ANALYZE")


def _open_accounts(payer: uuid.UUID, author: uuid.UUID) -> dict[str, uuid.UUID]:
    from billing.ledger.models import AccountKind
    from billing.ledger.services import open_account

    return {
        "customer": open_account(kind=AccountKind.CUSTOMER, organization_id=payer),
        "earner": open_account(kind=AccountKind.AUTHOR, organization_id=author),
        "platform": open_account(kind=AccountKind.PLATFORM_REVENUE, organization_id=None),
    }
