from django.db import migrations, models

ROLES = ["owner", "admin", "developer", "caller", "billing", "auditor"]


def name_developers(apps, _schema_editor):
    """A member could make keys, call and publish: what a developer may."""
    apps.get_model("organizations", "Membership").objects.filter(role="member").update(role="developer")


def name_members(apps, _schema_editor):
    memberships = apps.get_model("organizations", "Membership").objects
    memberships.filter(role="admin").update(role="owner")
    memberships.exclude(role="owner").update(role="member")


class Migration(migrations.Migration):
    dependencies = [
        ("organizations", "0003_key_permissions_and_profile"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="membership", name="membership_role_known"),
        migrations.AlterField(
            model_name="membership",
            name="role",
            field=models.CharField(choices=[(role, role.title()) for role in ROLES], max_length=16),
        ),
        migrations.RunPython(name_developers, name_members),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.CheckConstraint(condition=models.Q(("role__in", ROLES)), name="membership_role_known"),
        ),
    ]
