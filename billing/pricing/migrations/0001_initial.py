from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Price",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version_id", models.UUIDField()),
                ("compute_per_second", models.BigIntegerField()),
                ("royalty_per_call", models.BigIntegerField()),
                ("effective_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("version_id", "effective_at"), name="pricing_price_one_per_moment"),
                    models.CheckConstraint(
                        condition=models.Q(("compute_per_second__gte", 0), ("royalty_per_call__gte", 0)),
                        name="pricing_price_not_negative",
                    ),
                ],
            },
        ),
    ]
