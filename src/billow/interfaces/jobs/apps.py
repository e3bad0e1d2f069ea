"""Background work as a Django application."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """Rings for background work through the task queue."""

    name = "billow.interfaces.jobs"
    label = "jobs"
