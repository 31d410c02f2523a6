import django.db.models.deletion
from django.db import migrations, models

STILL_IMMUTABLE = """
CREATE OR REPLACE FUNCTION version_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    free text[] := {free};
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - free = to_jsonb(OLD) - free THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a published version is immutable' USING ERRCODE = 'restrict_violation';
END $$;
"""
NOW = STILL_IMMUTABLE.format(free="ARRAY['withdrawn_at', 'rolled_back_at', 'deprecated_at', 'deprecation']")
BEFORE = STILL_IMMUTABLE.format(free="ARRAY['withdrawn_at']")


class Migration(migrations.Migration):
    dependencies = [
        ("algorithms", "0006_secrets"),
    ]

    operations = [
        migrations.CreateModel(
            name="TrafficSplit",
            fields=[
                (
                    "algorithm",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="split",
                        serialize=False,
                        to="algorithms.algorithm",
                    ),
                ),
                ("percent", models.PositiveSmallIntegerField()),
                ("started_at", models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name="algorithm",
            name="on_change",
            field=models.CharField(
                choices=[("refuse", "Refuse"), ("warn", "Warn"), ("ignore", "Ignore")], default="warn", max_length=8
            ),
        ),
        migrations.AddField(
            model_name="version",
            name="deprecated_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="version",
            name="deprecation",
            field=models.CharField(blank=True, max_length=500),
        ),
        migrations.AddField(
            model_name="version",
            name="rolled_back_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="version",
            name="sample_results",
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.AddField(
            model_name="version",
            name="samples",
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.AddConstraint(
            model_name="algorithm",
            constraint=models.CheckConstraint(
                condition=models.Q(("on_change__in", ["refuse", "warn", "ignore"])), name="algorithm_on_change_known"
            ),
        ),
        migrations.AddField(
            model_name="trafficsplit",
            name="base",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="algorithms.version"
            ),
        ),
        migrations.AddField(
            model_name="trafficsplit",
            name="candidate",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="algorithms.version"
            ),
        ),
        migrations.AddConstraint(
            model_name="trafficsplit",
            constraint=models.CheckConstraint(condition=models.Q(("percent__lte", 100)), name="split_percent"),
        ),
        migrations.AddConstraint(
            model_name="trafficsplit",
            constraint=models.CheckConstraint(
                condition=models.Q(("base", models.F("candidate")), _negated=True), name="split_of_two"
            ),
        ),
        migrations.RunSQL(NOW, BEFORE),
    ]
