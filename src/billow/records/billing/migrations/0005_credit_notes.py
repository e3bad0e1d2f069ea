"""Credit notes as they are issued: the tables, which were empty until now, are made anew with their protection.

A month whose invoice was wholly credited can have another, so what is unique about a month changes.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q

import billow.records.fields
from billow.records.protection import RefuseChange, RefuseReplacement, append_only
from billow.records.tokened import token_field

KEYS = {
    "billing_creditnote": (
        ("id",),
        ("token",),
        ("series_id", "sequence"),
        ("series_id", "chain_position"),
        ("management_account_id", "number"),
        ("preceding_invoice_id", "completes = TRUE"),
    ),
    "billing_creditnoteline": (("id",), ("invoice_line_id",)),
    "billing_creditnotedocument": (("id",), ("credit_note_id", "kind")),
}

INVOICE_KEYS = (
    ("id",),
    ("token",),
    ("series_id", "sequence"),
    ("management_account_id", "number"),
    ("series_id", "chain_position"),
    ("managed_account_id", "period_start", "status <> 'cancelled'", "replaces_id IS NULL"),
    ("replaces_id", "status <> 'cancelled'"),
)

PROTECT = django.db.models.deletion.PROTECT


def key() -> "tuple[str, models.BigAutoField[int, int]]":
    """Return the primary key of a table."""
    return ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"))


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_api_tokens_and_teams"),
        ("billing", "0004_account_access"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.DeleteModel(name="CreditNoteLine"),
        migrations.DeleteModel(name="CreditNote"),
        migrations.CreateModel(
            name="CreditNote",
            fields=[
                key(),
                ("token", token_field("credit_note")),
                ("sequence", models.PositiveBigIntegerField()),
                ("number", models.CharField(max_length=80)),
                ("currency", models.CharField(max_length=3)),
                ("reason", models.TextField()),
                ("completes", models.BooleanField()),
                ("snapshot", models.TextField()),
                ("fingerprint", models.CharField(max_length=64)),
                ("subtotal_minor", billow.records.fields.MinorUnitsField()),
                ("discounts_minor", billow.records.fields.MinorUnitsField()),
                ("charges_minor", billow.records.fields.MinorUnitsField()),
                ("credits_minor", billow.records.fields.MinorUnitsField()),
                ("total_minor", billow.records.fields.MinorUnitsField()),
                ("issue_date", models.DateField()),
                ("chain_position", models.PositiveBigIntegerField()),
                ("previous_seal", models.CharField(blank=True, max_length=64)),
                ("seal", models.CharField(max_length=64)),
                ("created_at", models.DateTimeField()),
                (
                    "created_by",
                    models.ForeignKey(null=True, on_delete=PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                ),
                (
                    "management_account",
                    models.ForeignKey(on_delete=PROTECT, related_name="credit_notes", to="accounts.managementaccount"),
                ),
                (
                    "preceding_invoice",
                    models.ForeignKey(on_delete=PROTECT, related_name="credit_notes", to="billing.invoice"),
                ),
                (
                    "series",
                    models.ForeignKey(on_delete=PROTECT, related_name="credit_notes", to="billing.invoiceseries"),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("series", "sequence"), name="credit_note_sequence_once"),
                    models.UniqueConstraint(
                        fields=("series", "chain_position"), name="credit_note_chain_position_once"
                    ),
                    models.UniqueConstraint(fields=("management_account", "number"), name="credit_note_number_once"),
                    models.UniqueConstraint(
                        fields=("preceding_invoice",),
                        condition=Q(completes=True),
                        name="invoice_completely_credited_once",
                    ),
                    models.CheckConstraint(condition=Q(total_minor__gte=0), name="credit_note_positive"),
                    models.CheckConstraint(condition=~Q(reason=""), name="credit_note_says_why"),
                    models.CheckConstraint(
                        condition=Q(
                            total_minor=F("subtotal_minor")
                            - F("discounts_minor")
                            + F("charges_minor")
                            - F("credits_minor")
                        ),
                        name="credit_note_adds_up",
                    ),
                ]
            },
        ),
        migrations.CreateModel(
            name="CreditNoteLine",
            fields=[
                key(),
                ("amount_minor", billow.records.fields.MinorUnitsField()),
                (
                    "credit_note",
                    models.ForeignKey(on_delete=PROTECT, related_name="lines", to="billing.creditnote"),
                ),
                (
                    "invoice_line",
                    models.ForeignKey(on_delete=PROTECT, related_name="credited", to="billing.invoiceline"),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("invoice_line",), name="line_credited_once")],
            },
        ),
        migrations.CreateModel(
            name="CreditNoteDocument",
            fields=[
                key(),
                ("kind", models.CharField(choices=[("pdf", "Pdf"), ("csv", "Csv")], max_length=10)),
                ("storage_key", models.CharField(max_length=255)),
                ("sha256", models.CharField(max_length=64)),
                ("size_bytes", models.PositiveBigIntegerField()),
                ("created_at", models.DateTimeField()),
                (
                    "credit_note",
                    models.ForeignKey(on_delete=PROTECT, related_name="documents", to="billing.creditnote"),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("credit_note", "kind"), name="one_document_per_note_and_kind")
                ],
            },
        ),
        migrations.AddField(
            model_name="invoice",
            name="replaces",
            field=models.ForeignKey(
                blank=True, null=True, on_delete=PROTECT, related_name="replaced_by", to="billing.invoice"
            ),
        ),
        migrations.RemoveConstraint(model_name="invoice", name="one_live_invoice_per_month"),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.UniqueConstraint(
                fields=("managed_account", "period_start"),
                condition=~Q(status="cancelled") & Q(replaces__isnull=True),
                name="one_live_invoice_per_month",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.UniqueConstraint(
                fields=("replaces",),
                condition=~Q(status="cancelled") & Q(replaces__isnull=False),
                name="one_live_replacement",
            ),
        ),
        *append_only("billing_creditnote"),
        *append_only("billing_creditnoteline"),
        *append_only("billing_creditnotedocument"),
        *(
            RefuseReplacement(
                name=f"{table}_no_replace", table=table, keys=keys, message=f"a row of {table} is kept: REPLACE refused"
            )
            for table, keys in KEYS.items()
        ),
        RefuseReplacement(
            name="billing_invoice_no_replace",
            table="billing_invoice",
            keys=INVOICE_KEYS,
            message="a row of billing_invoice is kept: REPLACE refused",
            renews=True,
        ),
        RefuseChange(
            name="billing_invoice_keeps_replaced",
            table="billing_invoice",
            event="UPDATE",
            when="COALESCE(OLD.replaces_id, 0) <> COALESCE(NEW.replaces_id, 0)",
            message="the invoice that another replaces never changes: UPDATE refused",
        ),
    ]
