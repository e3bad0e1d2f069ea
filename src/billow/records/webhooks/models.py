"""Who is told of events, what happened, and each attempt to tell it."""

from django.db import models
from django.db.models import Q

from billow.records.accounts.models import ManagementAccount, User
from billow.records.billing.scope import ScopedQuerySet
from billow.records.fields import EncryptedTextField
from billow.records.tokened import token_field


class EventType(models.TextChoices):
    INVOICE_GENERATED = "invoice.generated"
    INVOICE_GENERATION_FAILED = "invoice.generation_failed"
    INVOICE_APPROVED = "invoice.approved"
    INVOICE_CANCELLED = "invoice.cancelled"
    CREDIT_NOTE_ISSUED = "credit_note.issued"
    DELIVERY_ACCEPTED = "delivery.accepted"
    DELIVERY_DEFERRED = "delivery.deferred"
    DELIVERY_FAILED = "delivery.failed"
    DELIVERY_BOUNCED = "delivery.bounced"
    TEST = "webhook.test"


class WebhookEndpoint(models.Model):
    """An address that is told of events; no ``event_types`` means all of them.

    ``failing_since`` is the first failure after the last success. After a timeout nothing is tried before
    ``resting_until``, so that a hanging receiver does not hold up the others. ``off_reason`` says why Billow itself
    switched the endpoint off.
    """

    token = token_field("webhook_endpoint")
    management_account = models.ForeignKey(ManagementAccount, on_delete=models.PROTECT, related_name="webhooks")
    url = models.TextField()
    description = models.CharField(max_length=255, blank=True, default="")
    event_types = models.JSONField(default=list)
    active = models.BooleanField(default=True)
    off_since = models.DateTimeField(null=True, blank=True)
    off_reason = models.TextField(blank=True, default="")
    failing_since = models.DateTimeField(null=True, blank=True)
    resting_until = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="webhook_has_url", condition=~Q(url="")),
            models.CheckConstraint(
                name="webhook_off_since_when", condition=Q(active=True) | Q(off_since__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.description or self.token


class WebhookSecret(models.Model):
    """A key that calls are signed with; after a rotation the old one is used too until ``expires_at``."""

    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="secrets")
    secret = EncryptedTextField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint"], condition=Q(expires_at__isnull=True), name="one_lasting_secret_per_webhook"
            ),
        ]

    def __str__(self) -> str:
        return f"secret of {self.endpoint}"


class WebhookEvent(models.Model):
    """Something that happened, as the exact text that receivers get; written in the transaction that did it."""

    token = token_field("webhook_event")
    management_account = models.ForeignKey(ManagementAccount, on_delete=models.PROTECT, related_name="+")
    type = models.CharField(max_length=40, choices=EventType.choices)
    object_token = models.CharField(max_length=40)
    payload = models.TextField()
    created_at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="webhook_event_oldest")]

    def __str__(self) -> str:
        return f"{self.type} {self.object_token}"


class CallStatus(models.TextChoices):
    QUEUED = "queued"
    CALLING = "calling"
    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    FAILED = "failed"


class WebhookCall(models.Model):
    """One event for one endpoint: the outbox row. ``attempts`` counts since it was queued or replayed."""

    token = token_field("webhook_call")
    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="calls")
    event = models.ForeignKey(WebhookEvent, on_delete=models.CASCADE, related_name="calls")
    status = models.CharField(max_length=10, choices=CallStatus.choices, default=CallStatus.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    claimed_by = models.CharField(max_length=80, blank=True, default="")
    claimed_until = models.DateTimeField(null=True, blank=True)
    outcome_code = models.CharField(max_length=60, blank=True, default="")
    outcome_message = models.TextField(blank=True, default="")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "event"], name="one_call_per_event_and_webhook"),
            models.CheckConstraint(name="webhook_call_status_known", condition=Q(status__in=CallStatus.values)),
        ]
        indexes = [models.Index(fields=["status", "next_attempt_at"], name="webhook_call_due")]

    def __str__(self) -> str:
        return f"{self.event} → {self.endpoint}"


class WebhookAttempt(models.Model):
    """One request of a call and its answer; without ``ended_at`` it is under way."""

    call = models.ForeignKey(WebhookCall, on_delete=models.CASCADE, related_name="tries")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    response_status = models.PositiveSmallIntegerField(null=True, blank=True)
    code = models.CharField(max_length=60, blank=True, default="")
    message = models.TextField(blank=True, default="")
    excerpt = models.TextField(blank=True, default="")

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.call}: {self.code or 'under way'}"
