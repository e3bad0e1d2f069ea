"""The console as a Django application."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "billow.interfaces.web"
    label = "web"
