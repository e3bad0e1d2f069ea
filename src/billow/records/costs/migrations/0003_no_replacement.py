"""No cost import makes room for another; it can only be superseded."""

from django.db import migrations

from billow.records.protection import RefuseReplacement

KEYS = {
    "costs_costimport": (("id",), ("token",), ("integration_id", "period_start", "superseded_at IS NULL")),
    "costs_costimporttotals": (("id",), ("cost_import_id", "currency")),
}


class Migration(migrations.Migration):
    dependencies = [("costs", "0002_write_protection")]

    operations = [
        RefuseReplacement(
            name=f"{table}_no_replace", table=table, keys=keys, message=f"a row of {table} is kept: REPLACE refused"
        )
        for table, keys in KEYS.items()
    ]
