"""A cost import never changes once it is recorded; it can only be superseded."""

from django.db import migrations

from billow.records.protection import RefuseChange, append_only

CONTENT = " OR ".join(
    f"OLD.{column} <> NEW.{column}"
    for column in ("token", "integration_id", "period_start", "sha256", "stored_files", "rows", "rounding_difference")
)


class Migration(migrations.Migration):
    dependencies = [("costs", "0001_initial")]

    operations = [
        *append_only("costs_costimporttotals"),
        RefuseChange(
            name="costs_costimport_keeps_content",
            table="costs_costimport",
            event="UPDATE",
            when=CONTENT,
            message="a cost import never changes: UPDATE refused, import the newer delivery instead",
        ),
        RefuseChange(
            name="costs_costimport_no_delete",
            table="costs_costimport",
            event="DELETE",
            message="a cost import is kept: DELETE refused",
        ),
    ]
