"""The table of call records, partitioned by the UTC day of the call's start.

Django cannot make a partitioned table, so the statements stand here and Django's model is its state only.
"""

import django.db.models.functions.datetime
from django.db import migrations, models

TABLE = """
CREATE TABLE metering_call_record (
    call_id uuid NOT NULL,
    started_at timestamptz NOT NULL,
    root_id uuid NOT NULL,
    parent_id uuid,
    payer_id uuid NOT NULL,
    author_id uuid NOT NULL,
    key_id uuid,
    algorithm text NOT NULL,
    version_id uuid NOT NULL,
    version text NOT NULL,
    environment text NOT NULL,
    queue_us bigint NOT NULL,
    load_us bigint NOT NULL,
    run_us bigint NOT NULL,
    cpu_us bigint NOT NULL,
    peak_memory_bytes bigint NOT NULL,
    bytes_in bigint NOT NULL,
    bytes_out bigint NOT NULL,
    cold boolean NOT NULL,
    outcome varchar(20) NOT NULL,
    error_type text,
    compute_charge bigint NOT NULL,
    royalty_charge bigint NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT statement_timestamp(),
    PRIMARY KEY (call_id, started_at)
) PARTITION BY RANGE (started_at);
CREATE INDEX metering_record_by_payer ON metering_call_record (payer_id, started_at DESC);
CREATE INDEX metering_record_by_author ON metering_call_record (author_id, started_at DESC);
CREATE TABLE metering_call_record_default PARTITION OF metering_call_record DEFAULT;
"""

# Rows that came before their day's partition wait in the default one and move when it is made. Attaching, unlike
# CREATE TABLE .. PARTITION OF, lets reads and writes of the other days go on meanwhile.
ENSURE_PARTITION = """
CREATE FUNCTION metering_ensure_partition(day date) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    name text := 'metering_call_record_' || to_char(day, 'YYYYMMDD');
    starts timestamptz := day::timestamp AT TIME ZONE 'UTC';
    ends timestamptz := (day + 1)::timestamp AT TIME ZONE 'UTC';
BEGIN
    IF to_regclass(name) IS NOT NULL THEN
        RETURN false;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('metering_ensure_partition'));
    IF to_regclass(name) IS NOT NULL THEN
        RETURN false;
    END IF;
    LOCK TABLE metering_call_record_default IN ACCESS EXCLUSIVE MODE;
    EXECUTE format('CREATE TABLE %I (LIKE metering_call_record INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', name);
    EXECUTE format('WITH moved AS (DELETE FROM metering_call_record_default WHERE started_at >= %L AND started_at < %L
        RETURNING *) INSERT INTO %I SELECT * FROM moved', starts, ends, name);
    EXECUTE format('ALTER TABLE metering_call_record ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
        name, starts, ends);
    RETURN true;
END $$;
"""

REMOVE = """
DROP FUNCTION metering_ensure_partition;
DROP TABLE metering_call_record;
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(TABLE + ENSURE_PARTITION, REMOVE)],
            state_operations=[
                migrations.CreateModel(
                    name="CallRecord",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "call_id", "started_at", blank=True, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("call_id", models.UUIDField()),
                        ("started_at", models.DateTimeField()),
                        ("root_id", models.UUIDField()),
                        ("parent_id", models.UUIDField(null=True)),
                        ("payer_id", models.UUIDField()),
                        ("author_id", models.UUIDField()),
                        ("key_id", models.UUIDField(null=True)),
                        ("algorithm", models.TextField()),
                        ("version_id", models.UUIDField()),
                        ("version", models.TextField()),
                        ("environment", models.TextField()),
                        ("queue_us", models.BigIntegerField()),
                        ("load_us", models.BigIntegerField()),
                        ("run_us", models.BigIntegerField()),
                        ("cpu_us", models.BigIntegerField()),
                        ("peak_memory_bytes", models.BigIntegerField()),
                        ("bytes_in", models.BigIntegerField()),
                        ("bytes_out", models.BigIntegerField()),
                        ("cold", models.BooleanField()),
                        ("outcome", models.CharField(max_length=20)),
                        ("error_type", models.TextField(null=True)),
                        ("compute_charge", models.BigIntegerField()),
                        ("royalty_charge", models.BigIntegerField()),
                        ("recorded_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                    ],
                    options={
                        "db_table": "metering_call_record",
                        "indexes": [
                            models.Index(fields=["payer_id", "-started_at"], name="metering_record_by_payer"),
                            models.Index(fields=["author_id", "-started_at"], name="metering_record_by_author"),
                        ],
                    },
                ),
            ],
        ),
    ]
