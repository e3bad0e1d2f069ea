"""No row that is kept for ever makes room for another."""

from django.db import migrations

from billow.records.protection import RefuseChange, RefuseReplacement

KEYS = {
    "billing_invoice": (
        ("id",),
        ("token",),
        ("series_id", "sequence"),
        ("management_account_id", "number"),
        ("series_id", "chain_position"),
        ("managed_account_id", "period_start", "status <> 'cancelled'"),
    ),
    "billing_invoiceversion": (("id",), ("invoice_id", "version_number")),
    "billing_invoiceline": (("id",), ("version_id", "line_number")),
    "billing_invoiceversion_cost_imports": (("id",), ("invoiceversion_id", "costimport_id")),
    "billing_invoicetransition": (("id",),),
    "billing_invoiceseries": (("id",), ("management_account_id", "name")),
    "billing_document": (("id",), ("invoice_id", "kind")),
    "billing_delivery": (("id",), ("token",), ("message_id",), ("wish", "recipient")),
    "billing_creditnote": (("id",), ("token",), ("series_id", "sequence"), ("management_account_id", "number")),
    "billing_creditnoteline": (("id",), ("credit_note_id", "invoice_line_id")),
}


class Migration(migrations.Migration):
    dependencies = [("billing", "0002_write_protection")]

    operations = [
        *(
            RefuseReplacement(
                name=f"{table}_no_replace", table=table, keys=keys, message=f"a row of {table} is kept: REPLACE refused"
            )
            for table, keys in KEYS.items()
        ),
        RefuseChange(
            name="billing_invoice_keeps_key",
            table="billing_invoice",
            event="UPDATE",
            when="OLD.id <> NEW.id",
            message="the key of an invoice never changes: UPDATE refused",
        ),
    ]
