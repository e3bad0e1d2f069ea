"""The billing records as a Django application."""

from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "billow.records.billing"
    label = "billing"
