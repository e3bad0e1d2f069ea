"""Issued documents as stored bytes, and each attempt to bring them to somebody."""

from django.db import models
from django.db.models import Q

from billow.records.accounts.models import User
from billow.records.billing.models.invoices import Invoice, InvoiceVersion
from billow.records.tokened import token_field


class DocumentKind(models.TextChoices):
    PDF = "pdf"
    CSV = "csv"


class Document(models.Model):
    """The bytes of an issued document: where they are stored, and their SHA-256."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="documents")
    version = models.ForeignKey(InvoiceVersion, on_delete=models.PROTECT, related_name="documents")
    kind = models.CharField(max_length=10, choices=DocumentKind.choices)
    storage_key = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64)
    size_bytes = models.PositiveBigIntegerField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["invoice", "kind"], name="one_document_per_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.invoice} {self.kind}"


class DeliveryStatus(models.TextChoices):
    QUEUED = "queued"
    SENDING = "sending"
    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    FAILED = "failed"
    BOUNCED = "bounced"


class Delivery(models.Model):
    """One message to one recipient: the outbox row. Rows of one wish to send share ``wish``.

    ``transmitting_since`` is set and committed just before the message's bytes leave: a row found with it and
    without an outcome may have been accepted, so it is never sent again by itself.
    """

    token = token_field("delivery")
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="deliveries")
    wish = models.CharField(max_length=40)
    recipient = models.CharField(max_length=320)
    message_id = models.CharField(max_length=255, unique=True)
    status = models.CharField(max_length=10, choices=DeliveryStatus.choices, default=DeliveryStatus.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    claimed_by = models.CharField(max_length=80, blank=True, default="")
    claimed_until = models.DateTimeField(null=True, blank=True)
    transmitting_since = models.DateTimeField(null=True, blank=True)
    outcome_code = models.CharField(max_length=60, blank=True, default="")
    outcome_message = models.TextField(blank=True, default="")
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["wish", "recipient"], name="one_message_per_wish_and_recipient"),
            models.CheckConstraint(name="delivery_status_known", condition=Q(status__in=DeliveryStatus.values)),
        ]
        indexes = [models.Index(fields=["status", "next_attempt_at"], name="delivery_due")]

    def __str__(self) -> str:
        return f"{self.invoice} → {self.recipient}"
