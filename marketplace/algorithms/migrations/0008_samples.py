from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("algorithms", "0007_version_lives"),
    ]

    operations = [
        migrations.AddField(
            model_name="algorithm",
            name="samples",
            field=models.JSONField(blank=True, default=list),
        ),
    ]
