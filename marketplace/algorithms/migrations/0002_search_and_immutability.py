from django.db import migrations

# PostgreSQL's own pg_trgm is not in every build of the server (not in the embedded one): three small functions
# and an array with a GIN index do what search needs of it.
SEARCH = """
CREATE FUNCTION algorithm_trigrams(words text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(DISTINCT substr(padded, position, 3)), '{}')
    FROM (
        SELECT '  ' || word || ' ' AS padded
        FROM regexp_split_to_table(lower(words), '[^[:alnum:]]+') AS word WHERE word <> ''
    ) AS padding, generate_series(1, length(padded) - 2) AS position
$$;
CREATE FUNCTION algorithm_trigram_share(held text[], asked text[]) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT count(*) FILTER (WHERE trigram = ANY (held)) / greatest(count(*), 1)::double precision
    FROM unnest(asked) AS trigram
$$;
CREATE FUNCTION algorithm_index_words() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    tag_words text := array_to_string(NEW.tags, ' ');
BEGIN
    NEW.search :=
        setweight(to_tsvector('english', translate(NEW.name, '_', ' ')), 'A') ||
        setweight(to_tsvector('english', translate(tag_words, '_-', '  ')), 'B') ||
        setweight(to_tsvector('english', NEW.summary), 'C') ||
        setweight(to_tsvector('english', left(NEW.readme, 200000)), 'D');
    NEW.trigrams := algorithm_trigrams(NEW.name || ' ' || tag_words);
    RETURN NEW;
END $$;
CREATE TRIGGER algorithm_index_words BEFORE INSERT OR UPDATE ON algorithms_algorithm
    FOR EACH ROW EXECUTE FUNCTION algorithm_index_words();
"""
NO_SEARCH = """
DROP TRIGGER algorithm_index_words ON algorithms_algorithm;
DROP FUNCTION algorithm_index_words();
DROP FUNCTION algorithm_trigram_share(text[], text[]);
DROP FUNCTION algorithm_trigrams(text);
"""

IMMUTABLE = """
CREATE FUNCTION version_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - 'withdrawn_at' = to_jsonb(OLD) - 'withdrawn_at' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a published version is immutable' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER version_immutable BEFORE UPDATE OR DELETE ON algorithms_version
    FOR EACH ROW EXECUTE FUNCTION version_refuse_change();
"""
MUTABLE = """
DROP TRIGGER version_immutable ON algorithms_version;
DROP FUNCTION version_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("algorithms", "0001_initial")]
    operations = [migrations.RunSQL(SEARCH, NO_SEARCH), migrations.RunSQL(IMMUTABLE, MUTABLE)]
