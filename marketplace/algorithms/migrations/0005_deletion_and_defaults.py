import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("algorithms", "0004_fast_lookups"),
        ("organizations", "0003_key_permissions_and_profile"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="algorithm",
            name="algorithm_name_unique",
        ),
        migrations.AddField(
            model_name="algorithm",
            name="calls_others",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="algorithm",
            name="deleted_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="algorithm",
            name="license",
            field=models.CharField(
                choices=[("apl", "Apl"), ("apache2", "Apache2"), ("gpl3", "Gpl3"), ("mit", "Mit")],
                default="apl",
                max_length=16,
            ),
        ),
        migrations.AddField(
            model_name="algorithm",
            name="network",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="algorithm",
            name="royalty_per_call",
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="algorithm",
            name="source_open",
            field=models.BooleanField(default=False),
        ),
        migrations.AddConstraint(
            model_name="algorithm",
            constraint=models.UniqueConstraint(
                models.F("organization"),
                django.db.models.functions.text.Upper("name"),
                condition=models.Q(("deleted_at", None)),
                name="algorithm_name_unique",
            ),
        ),
        migrations.AddConstraint(
            model_name="algorithm",
            constraint=models.CheckConstraint(
                condition=models.Q(("license__in", ["apl", "apache2", "gpl3", "mit"])), name="algorithm_license_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="algorithm",
            constraint=models.CheckConstraint(
                condition=models.Q(("royalty_per_call__gte", 0)), name="algorithm_royalty_not_negative"
            ),
        ),
    ]
