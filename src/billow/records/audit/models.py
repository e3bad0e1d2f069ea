"""Who did what and when; rows are only ever added (database triggers see to it)."""

from django.db import models

from billow.records.accounts.models import ManagementAccount, User


class AuditEntry(models.Model):
    management_account = models.ForeignKey(ManagementAccount, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    source = models.CharField(max_length=20)
    action = models.CharField(max_length=60)
    object_type = models.CharField(max_length=40)
    object_token = models.CharField(max_length=40, blank=True)
    object_name = models.CharField(max_length=255, blank=True)
    changes = models.JSONField(default=dict)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["management_account", "-created_at"], name="audit_newest"),
            models.Index(fields=["management_account", "user", "-created_at"], name="audit_by_user"),
            models.Index(fields=["management_account", "object_type", "-created_at"], name="audit_by_type"),
            models.Index(fields=["management_account", "object_token", "-created_at"], name="audit_by_token"),
            models.Index(fields=["management_account", "object_name", "-created_at"], name="audit_by_name"),
        ]
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.action} {self.object_name}"
