"""Workspaces, and what people keep in them: cost reports, folders, and exports of costs."""

from django.db import models
from django.db.models import F, Q

from billow.records.accounts.models import ManagementAccount, User
from billow.records.billing.models import ManagedAccount
from billow.records.billing.scope import ScopedQuerySet
from billow.records.tokened import token_field
from billow.terms.text import trimmed


class Workspace(models.Model):
    """A place for cost reports, whose view of the costs it decides.

    Without a managed account it is the MSP's own, and shows what providers charge; with one it shows what that
    customer is charged. Each of them has one default workspace.
    """

    ACCOUNT_PATH = "managed_account"
    SHOWN_TO_CUSTOMERS = Q()

    token = token_field("workspace")
    management_account = models.ForeignKey(ManagementAccount, on_delete=models.PROTECT, related_name="workspaces")
    managed_account = models.ForeignKey(
        ManagedAccount, on_delete=models.PROTECT, null=True, blank=True, related_name="workspaces"
    )
    name = models.CharField(max_length=255)
    is_default = models.BooleanField(default=False)
    enable_currency_conversion = models.BooleanField(default=True)
    currency = models.CharField(max_length=3)
    exchange_rate_date = models.CharField(max_length=40, default="daily_rate")
    created_at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["management_account"],
                condition=Q(is_default=True, managed_account__isnull=True),
                name="one_default_workspace_of_the_msp",
            ),
            models.UniqueConstraint(
                fields=["managed_account"],
                condition=Q(is_default=True, managed_account__isnull=False),
                name="one_default_workspace_of_a_customer",
            ),
            models.CheckConstraint(name="workspace_named", condition=~Q(name="")),
        ]

    def __str__(self) -> str:
        return trimmed(self.name)


class Folder(models.Model):
    """A folder of cost reports."""

    ACCOUNT_PATH = "workspace__managed_account"
    SHOWN_TO_CUSTOMERS = Q()

    token = token_field("folder")
    management_account = models.ForeignKey(ManagementAccount, on_delete=models.PROTECT, related_name="folders")
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="folders")
    title = models.CharField(max_length=255, null=True, blank=True)
    parent_folder = models.ForeignKey("self", on_delete=models.CASCADE, null=True, blank=True, related_name="folders")
    saved_filter_tokens = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="folder_not_in_itself", condition=Q(parent_folder__isnull=True) | ~Q(parent_folder=F("pk"))
            ),
        ]

    def __str__(self) -> str:
        return trimmed(self.title) or self.token


class CostReport(models.Model):
    """A question about costs that is kept; the default one of a workspace, *All Resources*, has no filter.

    ``settings`` are those of REPORT_SETTINGS; ``groupings`` is the text that was given. ``date_interval`` says how
    far the days reach unless ``start_date`` and ``end_date`` do.
    """

    ACCOUNT_PATH = "workspace__managed_account"
    SHOWN_TO_CUSTOMERS = Q()

    token = token_field("cost_report")
    management_account = models.ForeignKey(ManagementAccount, on_delete=models.PROTECT, related_name="cost_reports")
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="cost_reports")
    folder = models.ForeignKey(Folder, on_delete=models.SET_NULL, null=True, blank=True, related_name="cost_reports")
    is_default = models.BooleanField(default=False)
    title = models.CharField(max_length=255)
    filter = models.TextField(null=True, blank=True)
    groupings = models.TextField(null=True, blank=True)
    settings = models.JSONField(default=dict)
    saved_filter_tokens = models.JSONField(default=list, blank=True)
    start_date = models.DateField(null=True, blank=True)
    end_date = models.DateField(null=True, blank=True)
    previous_period_start_date = models.DateField(null=True, blank=True)
    previous_period_end_date = models.DateField(null=True, blank=True)
    date_interval = models.CharField(max_length=20, default="this_month")
    date_bin = models.CharField(max_length=12, default="cumulative")
    chart_type = models.CharField(max_length=12, default="line")
    chart_settings = models.JSONField(default=dict)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace"], condition=Q(is_default=True), name="one_default_report_of_a_workspace"
            ),
            models.CheckConstraint(name="report_titled", condition=~Q(title="")),
            models.CheckConstraint(
                name="report_ends_after_start",
                condition=Q(start_date__isnull=True) | Q(end_date__isnull=True) | Q(end_date__gte=F("start_date")),
            ),
        ]

    def __str__(self) -> str:
        return trimmed(self.title)


class ExportStatus(models.TextChoices):
    PENDING = "pending"
    COMPLETED = "completed"
    FAILED = "failed"


class DataExport(models.Model):
    """Costs written into a file by a worker: ``question`` is what was asked, as it was asked.

    The file is in the document storage; it may be fetched until ``valid_until``.
    """

    ACCOUNT_PATH = "workspace__managed_account"
    SHOWN_TO_CUSTOMERS = Q()

    token = token_field("data_export")
    management_account = models.ForeignKey(ManagementAccount, on_delete=models.PROTECT, related_name="data_exports")
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="data_exports")
    question = models.JSONField(default=dict)
    status = models.CharField(max_length=12, choices=ExportStatus.choices, default=ExportStatus.PENDING)
    failure = models.TextField(blank=True)
    storage_key = models.CharField(max_length=255, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    size_bytes = models.BigIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    claimed_by = models.CharField(max_length=80, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()
    completed_at = models.DateTimeField(null=True, blank=True)
    valid_until = models.DateTimeField(null=True, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="export_status_known", condition=Q(status__in=ExportStatus.values)),
        ]
        indexes = [
            models.Index(fields=["created_at"], condition=Q(status="pending"), name="export_waiting"),
        ]

    def __str__(self) -> str:
        return self.token
