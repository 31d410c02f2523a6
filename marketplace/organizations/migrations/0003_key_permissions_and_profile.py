import django.contrib.postgres.fields
from django.db import migrations, models

import marketplace.organizations.models


class Migration(migrations.Migration):
    dependencies = [
        ("organizations", "0002_iexact_indexes"),
    ]

    operations = [
        migrations.AddField(
            model_name="apikey",
            name="algo_acl",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=140),
                default=marketplace.organizations.models._all_algorithms,
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="apikey",
            name="allow_algo",
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name="apikey",
            name="allow_algo_management",
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name="apikey",
            name="allow_data",
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name="apikey",
            name="allow_data_write",
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name="apikey",
            name="allow_web_algo",
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name="apikey",
            name="referer_host",
            field=models.CharField(blank=True, max_length=255),
        ),
        migrations.AddField(
            model_name="organization",
            name="contact_name",
            field=models.CharField(blank=True, max_length=100),
        ),
        migrations.AddField(
            model_name="organization",
            name="email",
            field=models.EmailField(blank=True, max_length=254),
        ),
        migrations.AddField(
            model_name="organization",
            name="kind",
            field=models.CharField(
                choices=[("basic", "Basic"), ("legacy", "Legacy"), ("pro", "Pro")], default="basic", max_length=16
            ),
        ),
        migrations.AddField(
            model_name="organization",
            name="url",
            field=models.URLField(blank=True),
        ),
    ]
