from django.db import migrations, models

from execution.signatures import sign_digest
from marketplace.algorithms.signing import private_keys


def sign_all(apps, schema_editor):  # noqa: ANN001, ANN201, ARG001 - Django's signature
    """What was built until now counts as built here: agents load nothing else from now on."""
    artifacts = apps.get_model("algorithms", "Build").objects.exclude(artifact="").values_list("artifact", flat=True)
    signature = apps.get_model("algorithms", "ArtifactSignature")
    rows = (
        signature(artifact=digest, signature=sign_digest(digest, private_key=private_keys()[0]))
        for digest in artifacts.order_by().distinct()
    )
    signature.objects.bulk_create(rows, batch_size=1000)


class Migration(migrations.Migration):
    dependencies = [
        ("algorithms", "0010_standings"),
    ]

    operations = [
        migrations.CreateModel(
            name="ArtifactSignature",
            fields=[
                ("artifact", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("signature", models.CharField(max_length=128)),
            ],
        ),
        migrations.RunPython(sign_all, migrations.RunPython.noop),
    ]
