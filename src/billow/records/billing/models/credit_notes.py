"""Credit notes: corrections that refer to an issued invoice, and are as immutable as it is."""

from django.db import models
from django.db.models import F, Q

from billow.records.accounts.models import ManagementAccount, User
from billow.records.billing.models.deliveries import DocumentKind
from billow.records.billing.models.invoices import Invoice, InvoiceLine, InvoiceSeries
from billow.records.billing.scope import ScopedQuerySet
from billow.records.fields import MinorUnitsField
from billow.records.tokened import token_field


class CreditNote(models.Model):
    """A document of type 381 that takes back an invoice, whole or in part; amounts mirror the invoice's.

    ``completes``: nothing is left of the invoice afterwards. ``snapshot`` is canonical JSON of everything it says
    beyond the version that the invoice was approved with, ``fingerprint`` its SHA-256; the seals are a chain of
    their own.
    """

    ACCOUNT_PATH = "preceding_invoice__managed_account"
    SHOWN_TO_CUSTOMERS = Q()

    token = token_field("credit_note")
    management_account = models.ForeignKey(ManagementAccount, on_delete=models.PROTECT, related_name="credit_notes")
    preceding_invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="credit_notes")
    series = models.ForeignKey(InvoiceSeries, on_delete=models.PROTECT, related_name="credit_notes")
    sequence = models.PositiveBigIntegerField()
    number = models.CharField(max_length=80)
    currency = models.CharField(max_length=3)
    reason = models.TextField()
    completes = models.BooleanField()
    snapshot = models.TextField()
    fingerprint = models.CharField(max_length=64)
    subtotal_minor = MinorUnitsField()
    discounts_minor = MinorUnitsField()
    charges_minor = MinorUnitsField()
    credits_minor = MinorUnitsField()
    total_minor = MinorUnitsField()
    issue_date = models.DateField()
    chain_position = models.PositiveBigIntegerField()
    previous_seal = models.CharField(max_length=64, blank=True)
    seal = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["series", "sequence"], name="credit_note_sequence_once"),
            models.UniqueConstraint(fields=["series", "chain_position"], name="credit_note_chain_position_once"),
            models.UniqueConstraint(fields=["management_account", "number"], name="credit_note_number_once"),
            models.UniqueConstraint(
                fields=["preceding_invoice"], condition=Q(completes=True), name="invoice_completely_credited_once"
            ),
            models.CheckConstraint(name="credit_note_positive", condition=Q(total_minor__gte=0)),
            models.CheckConstraint(name="credit_note_says_why", condition=~Q(reason="")),
            models.CheckConstraint(
                name="credit_note_adds_up",
                condition=Q(
                    total_minor=F("subtotal_minor") - F("discounts_minor") + F("charges_minor") - F("credits_minor")
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.number


class CreditNoteLine(models.Model):
    """An invoice line that is taken back."""

    credit_note = models.ForeignKey(CreditNote, on_delete=models.PROTECT, related_name="lines")
    invoice_line = models.ForeignKey(InvoiceLine, on_delete=models.PROTECT, related_name="credited")
    amount_minor = MinorUnitsField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["invoice_line"], name="line_credited_once"),
        ]

    def __str__(self) -> str:
        return f"{self.credit_note}: {self.invoice_line}"


class CreditNoteDocument(models.Model):
    """The bytes of an issued credit note: where they are stored, and their SHA-256."""

    credit_note = models.ForeignKey(CreditNote, on_delete=models.PROTECT, related_name="documents")
    kind = models.CharField(max_length=10, choices=DocumentKind.choices)
    storage_key = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64)
    size_bytes = models.PositiveBigIntegerField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["credit_note", "kind"], name="one_document_per_note_and_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.credit_note} {self.kind}"
