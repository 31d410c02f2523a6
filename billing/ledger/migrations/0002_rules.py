"""The ledger's rules, kept by PostgreSQL whoever writes. billing/ledger/models.py says what they are."""

from django.db import migrations

APPEND_ONLY = """
CREATE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only: % of % refused; post a correcting transaction instead',
        TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER ledger_transaction_append_only BEFORE UPDATE OR DELETE ON ledger_transaction
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_transaction_no_truncate BEFORE TRUNCATE ON ledger_transaction
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_entry_append_only BEFORE UPDATE OR DELETE ON ledger_entry
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_entry_no_truncate BEFORE TRUNCATE ON ledger_entry
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_account_stays BEFORE DELETE ON ledger_account
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_account_no_truncate BEFORE TRUNCATE ON ledger_account
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
"""

# The trigger on entries updates accounts at depth two; any other hand is at depth one.
ACCOUNTS = """
CREATE FUNCTION ledger_guard_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION 'a ledger account changes only by entries: post a transaction'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER ledger_account_by_entries_only BEFORE UPDATE ON ledger_account
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_guard_account();

CREATE FUNCTION ledger_open_empty() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a ledger account opens with a balance of zero' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER ledger_account_opens_empty BEFORE INSERT ON ledger_account
    FOR EACH ROW WHEN (NEW.balance <> 0) EXECUTE FUNCTION ledger_open_empty();
"""

# The planner settings pin index look-ups: a plan cached while the tables were small would scan them for ever.
POSTING = """
CREATE FUNCTION ledger_check_transactions() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    wrong uuid;
BEGIN
    SELECT t.id INTO wrong FROM new_transactions t
    WHERE NOT EXISTS (SELECT FROM ledger_entry e WHERE e.transaction_id = t.id) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'ledger transaction % has no entries: one statement inserts both', wrong
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER ledger_transaction_has_entries AFTER INSERT ON ledger_transaction
    REFERENCING NEW TABLE AS new_transactions FOR EACH STATEMENT EXECUTE FUNCTION ledger_check_transactions();

CREATE FUNCTION ledger_post_entries() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    wrong uuid;
    reason text;
    strangers bigint;
BEGIN
    SELECT n.id, CASE
            WHEN t.id IS NULL THEN 'does not exist'
            WHEN n.surplus <> 0 THEN 'does not balance: its credits less its debits are ' || n.surplus
            ELSE 'was posted before: its entries are final' END
        INTO wrong, reason
    FROM (SELECT transaction_id AS id, count(*) AS lines, sum(credit) - sum(debit) AS surplus
          FROM new_entries GROUP BY transaction_id) n
    LEFT JOIN ledger_transaction t ON t.id = n.id
    WHERE t.id IS NULL OR n.surplus <> 0
        OR n.lines <> (SELECT count(*) FROM ledger_entry e WHERE e.transaction_id = n.id)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'ledger transaction % %', wrong, reason USING ERRCODE = 'check_violation';
    END IF;

    -- One order of locking for everybody, so that the drain and a grant never wait for each other in a circle.
    PERFORM FROM ledger_account WHERE id IN (SELECT account_id FROM new_entries) ORDER BY id FOR NO KEY UPDATE;

    WITH moved AS (
        SELECT account_id, (sum(credit) - sum(debit))::bigint AS amount FROM new_entries GROUP BY account_id
    ), changed AS (
        UPDATE ledger_account a SET balance = a.balance + moved.amount FROM moved
        WHERE a.id = moved.account_id RETURNING a.id
    )
    SELECT (SELECT count(*) FROM moved) - (SELECT count(*) FROM changed) INTO strangers;
    IF strangers > 0 THEN
        RAISE EXCEPTION '% ledger account(s) named by entries do not exist', strangers
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER ledger_entry_posts AFTER INSERT ON ledger_entry
    REFERENCING NEW TABLE AS new_entries FOR EACH STATEMENT EXECUTE FUNCTION ledger_post_entries();
"""

REMOVE = """
DROP TRIGGER ledger_entry_posts ON ledger_entry;
DROP TRIGGER ledger_entry_append_only ON ledger_entry;
DROP TRIGGER ledger_entry_no_truncate ON ledger_entry;
DROP TRIGGER ledger_transaction_has_entries ON ledger_transaction;
DROP TRIGGER ledger_transaction_append_only ON ledger_transaction;
DROP TRIGGER ledger_transaction_no_truncate ON ledger_transaction;
DROP TRIGGER ledger_account_by_entries_only ON ledger_account;
DROP TRIGGER ledger_account_opens_empty ON ledger_account;
DROP TRIGGER ledger_account_stays ON ledger_account;
DROP TRIGGER ledger_account_no_truncate ON ledger_account;
DROP FUNCTION ledger_refuse_change, ledger_guard_account, ledger_open_empty, ledger_check_transactions,
    ledger_post_entries;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]

    operations = [migrations.RunSQL(APPEND_ONLY + ACCOUNTS + POSTING, REMOVE)]
