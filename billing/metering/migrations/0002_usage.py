"""Sums of calls, and what a call record says about memory and price."""

from django.db import migrations, models

# What was recorded before there were sums. The author's share was 80 per cent of the royalty ever since.
SUM_UP = """
INSERT INTO {table} (starts_at, payer_id, author_id, key_id, member_id, version_id, version, algorithm, calls, failed,
    cold, queue_us, load_us, run_us, cpu_us, memory_byte_seconds, gpu_memory_byte_seconds, bytes_in, bytes_out,
    compute_charge, royalty_charge, royalty_calls, author_share, latest_at)
SELECT date_trunc('{unit}', started_at, 'UTC'), payer_id, author_id, key_id, member_id, version_id, min(version),
    min(algorithm), count(*), count(*) FILTER (WHERE outcome <> 'ok'), count(*) FILTER (WHERE cold), sum(queue_us),
    sum(load_us), sum(run_us), sum(cpu_us), 0, 0, sum(bytes_in), sum(bytes_out), sum(compute_charge),
    sum(royalty_charge), count(*) FILTER (WHERE royalty_charge > 0), sum(royalty_charge * 80 / 100), max(started_at)
FROM metering_call_record GROUP BY 1, 2, 3, 4, 5, 6
"""
RUN_TIMES = """
INSERT INTO metering_run_times (day, author_id, algorithm, step, calls, run_us)
SELECT (started_at AT TIME ZONE 'UTC')::date, author_id, algorithm,
    floor(8 * ln(greatest(run_us, 1)::float8) / ln(2::float8))::smallint, count(*), sum(run_us)
FROM metering_call_record WHERE outcome = 'ok' GROUP BY 1, 2, 3, 4
"""

# Detaching takes the lock of the whole table for a moment; dropping afterwards delays nobody.
REMOVE_BEFORE = """
CREATE FUNCTION metering_remove_before(day date) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    name text;
    removed integer := 0;
BEGIN
    FOR name IN
        SELECT child.relname FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
        WHERE inhparent = 'metering_call_record'::regclass AND child.relname ~ '_[0-9]{8}$'
            -- As text: PostgreSQL may look at other tables first, whose eight digits are no date.
            AND right(child.relname, 8) < to_char(day, 'YYYYMMDD')
    LOOP
        EXECUTE format('ALTER TABLE metering_call_record DETACH PARTITION %I', name);
        EXECUTE format('DROP TABLE %I', name);
        removed := removed + 1;
    END LOOP;
    DELETE FROM metering_call_record_default WHERE started_at < day::timestamp AT TIME ZONE 'UTC';
    DELETE FROM metering_retention WHERE removed_before < day;
    INSERT INTO metering_retention (removed_before) SELECT day
    WHERE NOT EXISTS (SELECT FROM metering_retention WHERE removed_before >= day);
    RETURN removed;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("metering", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Retention",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("removed_before", models.DateField()),
            ],
            options={
                "db_table": "metering_retention",
            },
        ),
        migrations.CreateModel(
            name="RunTimes",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("author_id", models.UUIDField()),
                ("algorithm", models.TextField()),
                (
                    "step",
                    models.SmallIntegerField(help_text="Run times from 2 ** (step / 8) microseconds to the next step."),
                ),
                ("calls", models.BigIntegerField()),
                ("run_us", models.BigIntegerField(help_text="The sum of their run times.")),
            ],
            options={
                "db_table": "metering_run_times",
            },
        ),
        migrations.CreateModel(
            name="UsageDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("starts_at", models.DateTimeField()),
                ("payer_id", models.UUIDField()),
                ("author_id", models.UUIDField()),
                ("key_id", models.UUIDField(null=True)),
                ("member_id", models.BigIntegerField(null=True)),
                ("version_id", models.UUIDField()),
                ("version", models.TextField()),
                ("algorithm", models.TextField()),
                ("calls", models.BigIntegerField()),
                ("failed", models.BigIntegerField()),
                ("cold", models.BigIntegerField()),
                ("queue_us", models.BigIntegerField()),
                ("load_us", models.BigIntegerField()),
                ("run_us", models.BigIntegerField()),
                ("cpu_us", models.BigIntegerField()),
                ("memory_byte_seconds", models.BigIntegerField()),
                ("gpu_memory_byte_seconds", models.BigIntegerField()),
                ("bytes_in", models.BigIntegerField()),
                ("bytes_out", models.BigIntegerField()),
                ("compute_charge", models.BigIntegerField()),
                ("royalty_charge", models.BigIntegerField()),
                ("royalty_calls", models.BigIntegerField(help_text="Calls that owed a royalty.")),
                ("author_share", models.BigIntegerField()),
                ("latest_at", models.DateTimeField(help_text="When the latest of the calls started.")),
            ],
            options={
                "db_table": "metering_usage_day",
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="UsageHour",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("starts_at", models.DateTimeField()),
                ("payer_id", models.UUIDField()),
                ("author_id", models.UUIDField()),
                ("key_id", models.UUIDField(null=True)),
                ("member_id", models.BigIntegerField(null=True)),
                ("version_id", models.UUIDField()),
                ("version", models.TextField()),
                ("algorithm", models.TextField()),
                ("calls", models.BigIntegerField()),
                ("failed", models.BigIntegerField()),
                ("cold", models.BigIntegerField()),
                ("queue_us", models.BigIntegerField()),
                ("load_us", models.BigIntegerField()),
                ("run_us", models.BigIntegerField()),
                ("cpu_us", models.BigIntegerField()),
                ("memory_byte_seconds", models.BigIntegerField()),
                ("gpu_memory_byte_seconds", models.BigIntegerField()),
                ("bytes_in", models.BigIntegerField()),
                ("bytes_out", models.BigIntegerField()),
                ("compute_charge", models.BigIntegerField()),
                ("royalty_charge", models.BigIntegerField()),
                ("royalty_calls", models.BigIntegerField(help_text="Calls that owed a royalty.")),
                ("author_share", models.BigIntegerField()),
                ("latest_at", models.DateTimeField(help_text="When the latest of the calls started.")),
            ],
            options={
                "db_table": "metering_usage_hour",
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="UsageMinute",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("starts_at", models.DateTimeField()),
                ("payer_id", models.UUIDField()),
                ("author_id", models.UUIDField()),
                ("key_id", models.UUIDField(null=True)),
                ("member_id", models.BigIntegerField(null=True)),
                ("version_id", models.UUIDField()),
                ("version", models.TextField()),
                ("algorithm", models.TextField()),
                ("calls", models.BigIntegerField()),
                ("failed", models.BigIntegerField()),
                ("cold", models.BigIntegerField()),
                ("queue_us", models.BigIntegerField()),
                ("load_us", models.BigIntegerField()),
                ("run_us", models.BigIntegerField()),
                ("cpu_us", models.BigIntegerField()),
                ("memory_byte_seconds", models.BigIntegerField()),
                ("gpu_memory_byte_seconds", models.BigIntegerField()),
                ("bytes_in", models.BigIntegerField()),
                ("bytes_out", models.BigIntegerField()),
                ("compute_charge", models.BigIntegerField()),
                ("royalty_charge", models.BigIntegerField()),
                ("royalty_calls", models.BigIntegerField(help_text="Calls that owed a royalty.")),
                ("author_share", models.BigIntegerField()),
                ("latest_at", models.DateTimeField(help_text="When the latest of the calls started.")),
            ],
            options={
                "db_table": "metering_usage_minute",
                "abstract": False,
            },
        ),
        migrations.AddField(
            model_name="callrecord",
            name="compute_per_second",
            field=models.BigIntegerField(db_default=0),
        ),
        migrations.AddField(
            model_name="callrecord",
            name="gpu_memory_byte_seconds",
            field=models.BigIntegerField(db_default=0),
        ),
        migrations.AddField(
            model_name="callrecord",
            name="member_id",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="callrecord",
            name="memory_byte_seconds",
            field=models.BigIntegerField(db_default=0),
        ),
        migrations.AddField(
            model_name="callrecord",
            name="royalty_per_call",
            field=models.BigIntegerField(db_default=0),
        ),
        migrations.AddField(
            model_name="callrecord",
            name="royalty_per_second",
            field=models.BigIntegerField(db_default=0),
        ),
        migrations.AddField(
            model_name="callrecord",
            name="waiver",
            field=models.CharField(max_length=20, null=True),
        ),
        migrations.AddIndex(
            model_name="callrecord",
            index=models.Index(
                condition=models.Q(("root_id", models.F("call_id")), _negated=True),
                fields=["root_id"],
                name="metering_record_by_root",
            ),
        ),
        migrations.AddConstraint(
            model_name="runtimes",
            constraint=models.UniqueConstraint(
                fields=("author_id", "algorithm", "day", "step"), name="metering_run_times_once"
            ),
        ),
        migrations.AddIndex(
            model_name="usageday",
            index=models.Index(fields=["author_id", "starts_at"], name="usageday_author"),
        ),
        migrations.AddIndex(
            model_name="usageday",
            index=models.Index(fields=["starts_at"], name="usageday_time"),
        ),
        migrations.AddConstraint(
            model_name="usageday",
            constraint=models.UniqueConstraint(
                fields=("payer_id", "starts_at", "version_id", "author_id", "key_id", "member_id"),
                name="usageday_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddIndex(
            model_name="usagehour",
            index=models.Index(fields=["author_id", "starts_at"], name="usagehour_author"),
        ),
        migrations.AddIndex(
            model_name="usagehour",
            index=models.Index(fields=["starts_at"], name="usagehour_time"),
        ),
        migrations.AddConstraint(
            model_name="usagehour",
            constraint=models.UniqueConstraint(
                fields=("payer_id", "starts_at", "version_id", "author_id", "key_id", "member_id"),
                name="usagehour_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddIndex(
            model_name="usageminute",
            index=models.Index(fields=["author_id", "starts_at"], name="usageminute_author"),
        ),
        migrations.AddIndex(
            model_name="usageminute",
            index=models.Index(fields=["starts_at"], name="usageminute_time"),
        ),
        migrations.AddConstraint(
            model_name="usageminute",
            constraint=models.UniqueConstraint(
                fields=("payer_id", "starts_at", "version_id", "author_id", "key_id", "member_id"),
                name="usageminute_once",
                nulls_distinct=False,
            ),
        ),
        *[
            migrations.RunSQL(SUM_UP.format(table=f"metering_usage_{unit}", unit=unit), migrations.RunSQL.noop)
            for unit in ("minute", "hour", "day")
        ],
        migrations.RunSQL(RUN_TIMES, migrations.RunSQL.noop),
        migrations.RunSQL(REMOVE_BEFORE, "DROP FUNCTION metering_remove_before"),
    ]
