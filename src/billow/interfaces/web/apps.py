"""The console as a Django application."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Templates, static files and pages."""

    name = "billow.interfaces.web"
    label = "web"
