from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("algorithms", "0014_advisories"),
    ]

    operations = [
        migrations.AddField(
            model_name="version",
            name="input_schema",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name="version",
            name="output_schema",
            field=models.JSONField(blank=True, default=dict),
        ),
    ]
