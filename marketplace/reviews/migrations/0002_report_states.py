from django.db import migrations, models


def settle(apps, schema_editor):  # noqa: ARG001 - Django's signature
    apps.get_model("reviews", "Report").objects.exclude(settled_at=None).update(state="settled")


class Migration(migrations.Migration):
    dependencies = [
        ("reviews", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="report",
            name="state",
            field=models.CharField(
                choices=[("open", "Open"), ("looked_into", "Looked into"), ("settled", "Settled")],
                default="open",
                max_length=16,
            ),
        ),
        migrations.AddField(
            model_name="report",
            name="note",
            field=models.TextField(blank=True, max_length=4000),
        ),
        migrations.RunPython(settle, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="report",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["open", "looked_into", "settled"])), name="report_state_known"
            ),
        ),
    ]
