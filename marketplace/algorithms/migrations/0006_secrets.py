import uuid

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("algorithms", "0005_deletion_and_defaults"),
    ]

    operations = [
        migrations.AddField(
            model_name="algorithm",
            name="secrets_changed_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.CreateModel(
            name="AlgorithmSecret",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "variable",
                    models.CharField(
                        max_length=100,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[A-Za-z_][A-Za-z0-9_]*\\Z", "Use letters, digits and underscores."
                            )
                        ],
                    ),
                ),
                ("label", models.CharField(max_length=100)),
                ("description", models.CharField(blank=True, max_length=500)),
                ("sealed", models.TextField()),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                (
                    "algorithm",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="secrets", to="algorithms.algorithm"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("algorithm", "variable"), name="secret_variable_unique")
                ],
            },
        ),
    ]
