import uuid

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("algorithms", "0012_environment_standings"),
        ("organizations", "0003_key_permissions_and_profile"),
    ]

    operations = [
        migrations.CreateModel(
            name="OrganizationSecret",
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
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="organizations.organization"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "variable"), name="organization_secret_unique")
                ],
            },
        ),
    ]
