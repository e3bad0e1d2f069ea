"""Integrations, and the immutable cost imports made of their deliveries."""

from django.db import models
from django.db.models import Q

from billow.records.accounts.models import ManagementAccount, User
from billow.records.fields import ExactDecimalField
from billow.records.tokened import token_field
from billow.terms.period import BillingPeriod
from billow.terms.text import trimmed


class Integration(models.Model):
    """One connected source of bills; ``workspace_tokens`` are the workspaces that somebody named, none means all."""

    token = token_field("integration")
    management_account = models.ForeignKey(ManagementAccount, on_delete=models.PROTECT, related_name="integrations")
    name = models.CharField(max_length=255)
    provider = models.CharField(max_length=40)
    workspace_tokens = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["management_account", "name"], name="integration_name_once"),
        ]

    def __str__(self) -> str:
        return trimmed(self.name)


class CostImport(models.Model):
    """One load of one billing period of an integration; never changed, only superseded.

    ``period_start`` is the first day of the billing period. ``files`` lists the delivered files (name, sha256,
    bytes), ``stored_files`` the Parquet files in the cost store, relative to its root.
    """

    token = token_field("cost_import")
    integration = models.ForeignKey(Integration, on_delete=models.PROTECT, related_name="imports")
    period_start = models.DateField()
    format = models.CharField(max_length=20)
    sha256 = models.CharField(max_length=64)
    files = models.JSONField(default=list)
    stored_files = models.JSONField(default=list)
    columns = models.JSONField(default=list)
    rows = models.BigIntegerField()
    rows_rounded = models.BigIntegerField(default=0)
    rounding_difference = ExactDecimalField(default="0")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    superseded_at = models.DateTimeField(null=True, blank=True)
    superseded_by = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="supersedes"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["integration", "period_start"],
                condition=Q(superseded_at__isnull=True),
                name="one_current_import_per_period",
            ),
            models.CheckConstraint(name="cost_import_whole_month", condition=Q(period_start__day=1)),
        ]
        indexes = [models.Index(fields=["period_start"], name="cost_import_period")]

    @property
    def period(self) -> BillingPeriod:
        """The billing period."""
        return BillingPeriod.of(self.period_start)

    def __str__(self) -> str:
        return f"{self.integration} {self.period}"


class CostImportTotals(models.Model):
    """Exact sums of one currency of a cost import."""

    cost_import = models.ForeignKey(CostImport, on_delete=models.PROTECT, related_name="totals")
    currency = models.CharField(max_length=3)
    billed_cost = ExactDecimalField()
    effective_cost = ExactDecimalField()
    list_cost = ExactDecimalField()
    contracted_cost = ExactDecimalField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cost_import", "currency"], name="one_total_per_currency"),
        ]

    def __str__(self) -> str:
        return f"{self.currency} {self.billed_cost}"


class UserCostsUpload(models.Model):
    """A file of a custom provider's costs that somebody uploaded; the same name again takes its place.

    The bytes are in the document storage. The cost imports of its months are made of all uploads that touch them.
    ``amounts`` are exact sums as text, by currency.
    """

    token = token_field("user_costs_upload")
    integration = models.ForeignKey(Integration, on_delete=models.PROTECT, related_name="uploads")
    filename = models.CharField(max_length=255)
    amounts = models.JSONField(default=dict)
    start_date = models.DateField()
    end_date = models.DateField()
    rows = models.BigIntegerField()
    storage_key = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64)
    size_bytes = models.BigIntegerField()
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["integration", "filename"], name="one_upload_per_filename"),
            models.CheckConstraint(name="upload_ends_after_start", condition=Q(end_date__gte=models.F("start_date"))),
        ]

    def __str__(self) -> str:
        return self.filename
