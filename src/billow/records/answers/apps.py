"""The kept answers as a Django application."""

from django.apps import AppConfig


class AnswersConfig(AppConfig):
    name = "billow.records.answers"
    label = "answers"
