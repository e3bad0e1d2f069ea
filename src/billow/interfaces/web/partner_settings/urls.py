"""The addresses of what an MSP sets up once: people, programs, mail, numbers, days."""

from django.urls import path

from billow.interfaces.web.api_tokens.view import new_token, revoke, tokens_page
from billow.interfaces.web.partner_settings.view import all_settings

PARTNER_SETTINGS = [
    path("settings", all_settings),
    path("settings/tokens", tokens_page),
    path("settings/tokens/new", new_token),
    path("settings/tokens/<slug:token>/revoke", revoke),
]
