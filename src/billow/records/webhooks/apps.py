"""The webhook records as a Django application."""

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "billow.records.webhooks"
    label = "webhooks"
