import uuid

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="LedgerTransaction",
            fields=[
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[("call", "Call"), ("grant", "Grant"), ("correction", "Correction")], max_length=20
                    ),
                ),
                ("cause", models.TextField()),
                ("posted_at", models.DateTimeField()),
            ],
            options={
                "db_table": "ledger_transaction",
            },
        ),
        migrations.CreateModel(
            name="LedgerAccount",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("customer", "Customer"),
                            ("author", "Author"),
                            ("platform_revenue", "Platform Revenue"),
                            ("promotions", "Promotions"),
                            ("suspense", "Suspense"),
                        ],
                        max_length=20,
                    ),
                ),
                ("organization_id", models.UUIDField(help_text="Whose it is; null for the platform's own.", null=True)),
                ("balance", models.BigIntegerField(default=0, editable=False)),
                ("opened_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "db_table": "ledger_account",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("kind", "organization_id"), name="ledger_account_one_per_owner", nulls_distinct=False
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind__in", ("customer", "author")), ("organization_id__isnull", False)),
                            models.Q(
                                models.Q(("kind__in", ("customer", "author")), _negated=True),
                                ("organization_id__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="ledger_account_has_its_owner",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind__in", ["customer", "author", "platform_revenue", "promotions", "suspense"])
                        ),
                        name="ledger_account_kind",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LedgerEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("debit", models.BigIntegerField(default=0)),
                ("credit", models.BigIntegerField(default=0)),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="entries",
                        to="ledger.ledgeraccount",
                    ),
                ),
                (
                    "transaction",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="entries",
                        to="ledger.ledgertransaction",
                    ),
                ),
            ],
            options={
                "db_table": "ledger_entry",
                "indexes": [models.Index(fields=["account", "-id"], name="ledger_entry_by_account")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("credit", 0), ("debit__gt", 0)),
                            models.Q(("credit__gt", 0), ("debit", 0)),
                            _connector="OR",
                        ),
                        name="ledger_entry_one_side",
                    )
                ],
            },
        ),
    ]
