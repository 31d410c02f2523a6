from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0002_append_only"),
    ]

    operations = [
        migrations.AddField("auditevent", "address", models.CharField(default="", max_length=45)),
        migrations.AddField("auditevent", "via", models.CharField(default="", max_length=32)),
    ]
