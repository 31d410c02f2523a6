import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

# What holds 55 per cent of n trigrams holds at least one of any n - ceil(0.55 n) + 1 of them: the index is asked for
# that many, and for those that tell most. One that begins or ends a word is in many words.
TELLING = """
CREATE FUNCTION algorithm_telling_trigrams(asked text[]) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(trigram), '{}')
    FROM (
        SELECT trigram FROM unnest(asked) AS trigram
        ORDER BY trigram LIKE '  %', trigram LIKE ' %', trigram LIKE '% ', trigram
        LIMIT cardinality(asked) - ceil(0.55 * cardinality(asked)) + 1
    ) AS telling
$$;
"""
NOT_TELLING = "DROP FUNCTION algorithm_telling_trigrams(text[]);"


class Migration(migrations.Migration):
    dependencies = [
        ("algorithms", "0003_build_attempts"),
        ("organizations", "0002_iexact_indexes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL(TELLING, NOT_TELLING),
        migrations.RemoveConstraint(
            model_name="algorithm",
            name="algorithm_name_unique",
        ),
        migrations.AddIndex(
            model_name="version",
            index=models.Index(condition=models.Q(("withdrawn_at", None)), fields=["algorithm"], name="version_live"),
        ),
        migrations.AddConstraint(
            model_name="algorithm",
            constraint=models.UniqueConstraint(
                models.F("organization"), django.db.models.functions.text.Upper("name"), name="algorithm_name_unique"
            ),
        ),
    ]
