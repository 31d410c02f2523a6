from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("algorithms", "0013_organization_secrets"),
    ]

    operations = [
        migrations.CreateModel(
            name="Advisory",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("advisory_id", models.CharField(db_index=True, max_length=64)),
                ("type", models.CharField(max_length=16)),
                ("name", models.CharField(max_length=255)),
                ("summary", models.CharField(blank=True, max_length=300)),
                ("severity", models.CharField(blank=True, max_length=16)),
                ("affected", models.JSONField()),
            ],
            options={
                "indexes": [models.Index(fields=["name", "type"], name="advisory_package")],
            },
        ),
    ]
