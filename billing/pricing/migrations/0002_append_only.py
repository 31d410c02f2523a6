"""A price that was told is never changed: PostgreSQL refuses it."""

from django.db import migrations

ADD = """
CREATE FUNCTION pricing_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'prices are append-only: % refused; set a new price with a later effective date', TG_OP
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER pricing_price_append_only BEFORE UPDATE OR DELETE ON pricing_price
    FOR EACH STATEMENT EXECUTE FUNCTION pricing_refuse_change();
"""

REMOVE = """
DROP TRIGGER pricing_price_append_only ON pricing_price;
DROP FUNCTION pricing_refuse_change;
"""


class Migration(migrations.Migration):
    dependencies = [("pricing", "0001_initial")]

    operations = [migrations.RunSQL(ADD, REMOVE)]
