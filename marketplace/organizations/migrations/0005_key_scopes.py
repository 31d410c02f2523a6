import django.contrib.postgres.fields
from django.db import migrations, models

import marketplace.organizations.models


class Migration(migrations.Migration):
    dependencies = [
        ("organizations", "0004_six_roles"),
    ]

    operations = [
        migrations.AddField(
            model_name="apikey",
            name="data_acl",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=255),
                default=marketplace.organizations.models._all_data,
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="apikey",
            name="addresses",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=43), blank=True, default=list, size=None
            ),
        ),
        migrations.AddField(
            model_name="apikey",
            name="expires_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="apikey",
            name="expiry_told_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
