"""The audit records as a Django application."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "billow.records.audit"
    label = "audit"
