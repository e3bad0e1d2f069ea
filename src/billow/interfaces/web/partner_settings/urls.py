"""The addresses of what an MSP sets up once: people, programs, mail, numbers, days."""

from django.urls import path

from billow.interfaces.web.api_tokens.view import new_token, revoke, tokens_page
from billow.interfaces.web.audit_log.view import audit_log_csv, audit_log_page, one_entry
from billow.interfaces.web.calendar.view import calendar_page
from billow.interfaces.web.mail.view import mail_page
from billow.interfaces.web.numbering.view import next_numbers, numbering_page
from billow.interfaces.web.partner_settings.view import all_settings
from billow.interfaces.web.teams.view import (
    add_to_team,
    new_team,
    one_team,
    remove_from_team,
    remove_team,
    say_access,
    teams_page,
)
from billow.interfaces.web.users.view import disable, enable, new_user, one_user, users_page
from billow.interfaces.web.users.way_in import invite, recover
from billow.interfaces.web.webhooks.one import (
    new_secret,
    one_call,
    one_webhook,
    pause_webhook,
    remove_webhook,
    replay_call,
    replay_failed,
    resume_webhook,
    try_webhook,
    webhook_settings,
)
from billow.interfaces.web.webhooks.view import new_webhook, webhooks_page

PARTNER_SETTINGS = [
    path("settings", all_settings),
    path("settings/tokens", tokens_page),
    path("settings/tokens/new", new_token),
    path("settings/tokens/<slug:token>/revoke", revoke),
    path("settings/users", users_page),
    path("settings/users/new", new_user),
    path("settings/users/<slug:token>", one_user),
    path("settings/users/<slug:token>/disable", disable),
    path("settings/users/<slug:token>/enable", enable),
    path("settings/users/<slug:token>/invite", invite),
    path("settings/users/<slug:token>/recover", recover),
    path("settings/teams", teams_page),
    path("settings/teams/new", new_team),
    path("settings/teams/<slug:token>", one_team),
    path("settings/teams/<slug:token>/access", say_access),
    path("settings/teams/<slug:token>/members", add_to_team),
    path("settings/teams/<slug:token>/members/<slug:user>/remove", remove_from_team),
    path("settings/teams/<slug:token>/delete", remove_team),
    path("settings/webhooks", webhooks_page),
    path("settings/webhooks/new", new_webhook),
    path("settings/webhooks/<slug:token>", one_webhook),
    path("settings/webhooks/<slug:token>/settings", webhook_settings),
    path("settings/webhooks/<slug:token>/calls/<slug:call>", one_call),
    path("settings/webhooks/<slug:token>/test", try_webhook),
    path("settings/webhooks/<slug:token>/replay/<slug:event>", replay_call),
    path("settings/webhooks/<slug:token>/replay-failed", replay_failed),
    path("settings/webhooks/<slug:token>/pause", pause_webhook),
    path("settings/webhooks/<slug:token>/resume", resume_webhook),
    path("settings/webhooks/<slug:token>/secret", new_secret),
    path("settings/webhooks/<slug:token>/delete", remove_webhook),
    path("settings/audit-log", audit_log_page),
    path("settings/audit-log.csv", audit_log_csv),
    path("settings/audit-log/<slug:token>", one_entry),
    path("settings/mail", mail_page),
    path("settings/numbering", numbering_page),
    path("settings/numbering/next/<slug:kind>", next_numbers),
    path("settings/calendar", calendar_page),
]
