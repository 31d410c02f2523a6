"""Calls that were recorded together are posted together: which posting a call is part of, and the author's share."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import migrations, models

# Until now each call that cost something had a posting by its own id, and the author's share was 80 per cent.
ADD = """
ALTER TABLE metering_call_record ADD posting_id uuid, ADD author_share bigint NOT NULL DEFAULT 0;
UPDATE metering_call_record SET posting_id = call_id, author_share = royalty_charge * 80 / 100
WHERE compute_charge + royalty_charge > 0;
CREATE INDEX metering_record_by_posting ON metering_call_record USING brin (recorded_at) WITH (autosummarize = on);
"""
REMOVE = """
DROP INDEX metering_record_by_posting;
ALTER TABLE metering_call_record DROP posting_id, DROP author_share;
"""


class Migration(migrations.Migration):
    dependencies = [("metering", "0002_usage")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(ADD, REMOVE)],
            state_operations=[
                migrations.AddField(
                    "callrecord",
                    "posting_id",
                    models.UUIDField(
                        help_text="The ledger transaction that charged it; null if it was free.", null=True
                    ),
                ),
                migrations.AddField("callrecord", "author_share", models.BigIntegerField(db_default=0)),
                migrations.AddIndex(
                    "callrecord",
                    BrinIndex(fields=["recorded_at"], name="metering_record_by_posting", autosummarize=True),
                ),
            ],
        ),
    ]
