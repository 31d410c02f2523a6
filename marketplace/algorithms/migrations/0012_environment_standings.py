from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("algorithms", "0011_artifact_signatures"),
    ]

    operations = [
        migrations.CreateModel(
            name="EnvironmentStanding",
            fields=[
                ("environment", models.CharField(max_length=64, primary_key=True, serialize=False)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("beta", "Beta"),
                            ("stable", "Stable"),
                            ("deprecated", "Deprecated"),
                            ("retired", "Retired"),
                        ],
                        default="stable",
                        max_length=16,
                    ),
                ),
                ("message", models.CharField(blank=True, max_length=300)),
                ("instead", models.CharField(blank=True, max_length=64)),
                ("ends_at", models.DateTimeField(blank=True, null=True)),
                ("toolchain_version", models.CharField(blank=True, max_length=64)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["beta", "stable", "deprecated", "retired"])),
                        name="environment_status_known",
                    )
                ],
            },
        ),
    ]
