"""Issued invoices, versions, lines, documents and transitions cannot be changed, whoever asks."""

from django.db import migrations

from billow.records.protection import RefuseChange, RefuseLateLines, append_only

IDENTITY = " OR ".join(
    f"OLD.{column} <> NEW.{column}"
    for column in (
        "token",
        "management_account_id",
        "managed_account_id",
        "period_start",
        "series_id",
        "sequence",
        "number",
    )
)


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial")]

    operations = [
        *append_only("billing_invoiceversion"),
        *append_only("billing_invoiceline"),
        *append_only("billing_invoiceversion_cost_imports"),
        *append_only("billing_invoicetransition"),
        *append_only("billing_document"),
        *append_only("billing_creditnote"),
        *append_only("billing_creditnoteline"),
        RefuseLateLines(
            name="billing_invoiceline_no_late_insert",
            table="billing_invoiceline",
            message="a published version takes no further lines: INSERT refused",
        ),
        RefuseChange(
            name="billing_invoice_no_delete",
            table="billing_invoice",
            event="DELETE",
            message="an invoice keeps its number for ever: DELETE refused, cancel it instead",
        ),
        RefuseChange(
            name="billing_invoice_keeps_identity",
            table="billing_invoice",
            event="UPDATE",
            when=IDENTITY,
            message="number, account and month of an invoice never change: UPDATE refused",
        ),
        RefuseChange(
            name="billing_invoice_issued",
            table="billing_invoice",
            event="UPDATE",
            when="OLD.status IN ('approved', 'cancelled')",
            message="an approved or cancelled invoice never changes: UPDATE refused, correct it with a credit note",
        ),
        RefuseChange(
            name="billing_invoiceseries_only_forwards",
            table="billing_invoiceseries",
            event="UPDATE",
            when="NEW.next_sequence < OLD.next_sequence OR NEW.chain_length < OLD.chain_length",
            message="a number series only counts forwards: UPDATE refused",
        ),
        RefuseChange(
            name="billing_invoiceseries_no_delete",
            table="billing_invoiceseries",
            event="DELETE",
            message="a number series is kept for ever: DELETE refused",
        ),
        RefuseChange(
            name="billing_delivery_no_delete",
            table="billing_delivery",
            event="DELETE",
            message="the record of a delivery is kept: DELETE refused",
        ),
    ]
