"""Invoices, their immutable versions and lines, and every change of state."""

from django.db import models
from django.db.models import F, Q

from billow.records.accounts.models import ManagementAccount, User
from billow.records.billing.models.parties import ManagedAccount
from billow.records.billing.scope import ScopedQuerySet
from billow.records.costs.models import CostImport
from billow.records.fields import EncryptedTextField, ExactDecimalField, MinorUnitsField
from billow.records.tokened import token_field
from billow.terms.period import BillingPeriod


class InvoiceStatus(models.TextChoices):
    GENERATING = "generating"
    AWAITING_APPROVAL = "awaiting_approval"
    FAILED = "failed"
    APPROVED = "approved"
    CANCELLED = "cancelled"


class InvoiceSeries(models.Model):
    """A gapless series of numbers, and the end of its chain of approved invoices.

    ``next_sequence`` is taken last in the transaction that creates an invoice, under a row lock.
    """

    management_account = models.ForeignKey(ManagementAccount, on_delete=models.PROTECT, related_name="series")
    name = models.CharField(max_length=40, default="invoice")
    pattern = models.CharField(max_length=80, default="INV-{year}-{sequence:05}")
    next_sequence = models.PositiveBigIntegerField(default=1)
    chain_length = models.PositiveBigIntegerField(default=0)
    chain_hash = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        verbose_name_plural = "invoice series"
        constraints = [
            models.UniqueConstraint(fields=["management_account", "name"], name="series_name_once"),
        ]

    def __str__(self) -> str:
        return self.pattern


class Invoice(models.Model):
    """One managed account's invoice of one month; its content is the current version.

    ``claimed_until`` is the lease of the worker that generates it, ``generation_attempts`` how often a worker began
    since it was asked for. ``is_stale`` says that something it rests on changed since it was claimed.
    ``seal`` is the hash that covers the issued content and the seal before it in the series (``previous_seal``), at
    ``chain_position``. ``replaces`` is the invoice of the same month that was wholly credited before.
    """

    ACCOUNT_PATH = "managed_account"
    SHOWN_TO_CUSTOMERS = Q(status=InvoiceStatus.APPROVED)

    token = token_field("invoice")
    management_account = models.ForeignKey(ManagementAccount, on_delete=models.PROTECT, related_name="invoices")
    managed_account = models.ForeignKey(ManagedAccount, on_delete=models.PROTECT, related_name="invoices")
    period_start = models.DateField()
    replaces = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="replaced_by")
    series = models.ForeignKey(InvoiceSeries, on_delete=models.PROTECT, related_name="invoices")
    sequence = models.PositiveBigIntegerField()
    number = models.CharField(max_length=80)
    status = models.CharField(max_length=20, choices=InvoiceStatus.choices, default=InvoiceStatus.GENERATING)
    current_version = models.ForeignKey(
        "InvoiceVersion", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    failure_code = models.CharField(max_length=60, blank=True, default="")
    failure_message = models.TextField(blank=True, default="")
    is_stale = models.BooleanField(default=False)
    generation_requested_at = models.DateTimeField()
    generation_requested_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    generation_attempts = models.PositiveSmallIntegerField(default=0)
    claimed_by = models.CharField(max_length=80, blank=True, default="")
    claimed_until = models.DateTimeField(null=True, blank=True)
    issue_date = models.DateField(null=True, blank=True)
    due_date = models.DateField(null=True, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancel_reason = models.TextField(blank=True, default="")
    chain_position = models.PositiveBigIntegerField(null=True, blank=True)
    previous_seal = models.CharField(max_length=64, blank=True, default="")
    seal = models.CharField(max_length=64, blank=True, default="")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["managed_account", "period_start"],
                condition=~Q(status="cancelled") & Q(replaces__isnull=True),
                name="one_live_invoice_per_month",
            ),
            models.UniqueConstraint(
                fields=["replaces"],
                condition=~Q(status="cancelled") & Q(replaces__isnull=False),
                name="one_live_replacement",
            ),
            models.UniqueConstraint(fields=["series", "sequence"], name="invoice_sequence_once"),
            models.UniqueConstraint(fields=["management_account", "number"], name="invoice_number_once"),
            models.UniqueConstraint(
                fields=["series", "chain_position"],
                condition=Q(chain_position__isnull=False),
                name="chain_position_once",
            ),
            models.CheckConstraint(name="invoice_status_known", condition=Q(status__in=InvoiceStatus.values)),
            models.CheckConstraint(name="invoice_whole_month", condition=Q(period_start__day=1)),
            models.CheckConstraint(
                name="invoice_has_content",
                condition=~Q(status__in=["awaiting_approval", "approved"]) | Q(current_version__isnull=False),
            ),
            models.CheckConstraint(
                name="issued_invoice_is_sealed",
                condition=~Q(status="approved")
                | (
                    Q(issue_date__isnull=False)
                    & Q(due_date__gte=F("issue_date"))
                    & Q(approved_at__isnull=False)
                    & Q(chain_position__isnull=False)
                    & ~Q(seal="")
                ),
            ),
            models.CheckConstraint(
                name="failed_invoice_says_why", condition=~Q(status="failed") | ~Q(failure_message="")
            ),
            models.CheckConstraint(
                name="cancelled_invoice_says_why", condition=~Q(status="cancelled") | ~Q(cancel_reason="")
            ),
        ]
        indexes = [
            models.Index(fields=["management_account", "-period_start", "number"], name="invoice_newest_month"),
            models.Index(fields=["management_account", "-period_start", "series", "sequence"], name="invoice_in_order"),
            models.Index(fields=["status", "claimed_until"], name="invoice_due_work"),
        ]

    @property
    def period(self) -> BillingPeriod:
        """The invoiced month."""
        return BillingPeriod.of(self.period_start)

    def __str__(self) -> str:
        return self.number


class InvoiceVersion(models.Model):
    """A snapshot of everything an invoice says; regenerating adds another and never edits this one.

    ``snapshot`` is canonical JSON text without the lines and without the seller's bank account, which is kept
    encrypted in ``bank_details``; ``fingerprint`` is the SHA-256 over it, them and every line's hash.
    ``cost_imports`` keeps superseded deliveries from being removed while a version refers to them.
    """

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="versions")
    version_number = models.PositiveIntegerField()
    snapshot = models.TextField()
    bank_details = EncryptedTextField(default="", blank=True)
    fingerprint = models.CharField(max_length=64)
    software_version = models.CharField(max_length=40)
    currency = models.CharField(max_length=3)
    line_count = models.PositiveIntegerField()
    provider_cost = ExactDecimalField(help_text="Provider cost converted to the invoice's currency, exact.")
    exact_subtotal = ExactDecimalField()
    subtotal_minor = MinorUnitsField()
    discounts_minor = MinorUnitsField()
    charges_minor = MinorUnitsField()
    credits_minor = MinorUnitsField()
    total_minor = MinorUnitsField()
    warnings = models.JSONField(default=list)
    cost_imports: "models.ManyToManyField[CostImport, models.Model]" = models.ManyToManyField(
        CostImport, related_name="invoice_versions"
    )
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["invoice", "version_number"], name="version_number_once"),
            models.CheckConstraint(
                name="version_adds_up",
                condition=Q(
                    total_minor=F("subtotal_minor") - F("discounts_minor") + F("charges_minor") - F("credits_minor")
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.invoice} v{self.version_number}"


class InvoiceLine(models.Model):
    """One line of a version: exact amounts beside the rounded one, and what each rule changed.

    ``deltas`` is a list of ``{"rule_token", "title", "amount"}`` in order, amounts as text in the source currency.
    What a provider names can be of any length, so the names are unbounded.
    """

    version = models.ForeignKey(InvoiceVersion, on_delete=models.PROTECT, related_name="lines")
    line_number = models.PositiveIntegerField()
    provider = models.TextField()
    billing_account_id = models.TextField(blank=True)
    sub_account_id = models.TextField(blank=True)
    sub_account_name = models.TextField(blank=True)
    service = models.TextField()
    service_category = models.TextField(blank=True)
    service_subcategory = models.TextField(blank=True)
    charge_category = models.TextField()
    region = models.TextField(blank=True)
    description = models.TextField(blank=True)
    usage_amount = ExactDecimalField(null=True, blank=True)
    usage_unit = models.TextField(blank=True)
    source_currency = models.CharField(max_length=3)
    provider_cost = ExactDecimalField()
    rated_cost = ExactDecimalField()
    deltas = models.JSONField(default=list)
    inserted_by = models.CharField(max_length=40, blank=True)
    exact_amount = ExactDecimalField(max_length=120)
    amount_minor = MinorUnitsField()
    line_hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["line_number"]
        constraints = [
            models.UniqueConstraint(fields=["version", "line_number"], name="line_number_once"),
        ]

    def __str__(self) -> str:
        return f"{self.version} line {self.line_number}"


class InvoiceTransition(models.Model):
    """A change of state: who, when, from what to what, and why."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="transitions")
    verb = models.CharField(max_length=40)
    from_status = models.CharField(max_length=20, blank=True)
    to_status = models.CharField(max_length=20)
    reason = models.TextField(blank=True)
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.invoice}: {self.verb}"
