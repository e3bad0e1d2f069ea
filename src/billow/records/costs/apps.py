"""The costs records as a Django application."""

from django.apps import AppConfig


class CostsConfig(AppConfig):
    name = "billow.records.costs"
    label = "costs"
