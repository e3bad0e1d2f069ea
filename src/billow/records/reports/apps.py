"""The reports records as a Django application."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "billow.records.reports"
    label = "reports"
