"""The accounts records as a Django application."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "billow.records.accounts"
    label = "accounts"
