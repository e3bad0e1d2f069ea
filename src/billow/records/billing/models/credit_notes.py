"""Credit notes: corrections that refer to an issued invoice. The table is kept; issuing them comes later."""

from django.db import models
from django.db.models import Q

from billow.records.accounts.models import ManagementAccount, User
from billow.records.billing.models.invoices import Invoice, InvoiceLine, InvoiceSeries
from billow.records.billing.scope import ScopedQuerySet
from billow.records.fields import MinorUnitsField
from billow.records.tokened import token_field


class CreditNote(models.Model):
    """A document of type 381 that takes back an invoice, whole or in part; amounts are positive."""

    token = token_field("credit_note")
    management_account = models.ForeignKey(ManagementAccount, on_delete=models.PROTECT, related_name="credit_notes")
    preceding_invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="credit_notes")
    series = models.ForeignKey(InvoiceSeries, on_delete=models.PROTECT, related_name="credit_notes")
    sequence = models.PositiveBigIntegerField()
    number = models.CharField(max_length=80)
    currency = models.CharField(max_length=3)
    reason = models.TextField()
    total_minor = MinorUnitsField()
    issue_date = models.DateField()
    seal = models.CharField(max_length=64)
    previous_seal = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["series", "sequence"], name="credit_note_sequence_once"),
            models.UniqueConstraint(fields=["management_account", "number"], name="credit_note_number_once"),
            models.CheckConstraint(name="credit_note_positive", condition=Q(total_minor__gte=0)),
            models.CheckConstraint(name="credit_note_says_why", condition=~Q(reason="")),
        ]

    def __str__(self) -> str:
        return self.number


class CreditNoteLine(models.Model):
    """How much of one invoice line is taken back."""

    credit_note = models.ForeignKey(CreditNote, on_delete=models.PROTECT, related_name="lines")
    invoice_line = models.ForeignKey(InvoiceLine, on_delete=models.PROTECT, related_name="credited")
    amount_minor = MinorUnitsField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["credit_note", "invoice_line"], name="line_credited_once_per_note"),
        ]

    def __str__(self) -> str:
        return f"{self.credit_note}: {self.invoice_line}"
