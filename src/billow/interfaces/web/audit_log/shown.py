"""Entries of the audit log as a person reads them."""

import json
from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from billow.records.audit.models import AuditEntry

KINDS: Mapping[str, tuple[str, ...]] = {
    "invoices": ("invoice", "credit_note", "delivery"),
    "accounts": ("ManagedAccount", "SsoConnection"),
    "profiles": ("BillingProfile",),
    "rules": ("BillingRule",),
    "rates": ("ExchangeRate",),
    "costs": ("Integration", "CostImport", "UserCostsUpload", "DataExport"),
    "reports": ("CostReport", "Folder", "Workspace"),
    "people": ("user", "User", "Team"),
    "programs": ("ApiToken", "webhook"),
    "settings": ("ManagementAccount", "AuditLog", "Mail"),
}
"""What one can ask for, and the kinds of records it means."""

_ACTIONS = (
    gettext_noop("Access changed"),
    gettext_noop("Approve"),
    gettext_noop("Approved"),
    gettext_noop("Accepted"),
    gettext_noop("Bounced"),
    gettext_noop("Cancel"),
    gettext_noop("Codes switched off"),
    gettext_noop("Codes switched on"),
    gettext_noop("Complete"),
    gettext_noop("Costs imported"),
    gettext_noop("Costs withdrawn"),
    gettext_noop("Deferred"),
    gettext_noop("Delegation created"),
    gettext_noop("Delegation removed"),
    gettext_noop("Delivered"),
    gettext_noop("Download"),
    gettext_noop("Download link"),
    gettext_noop("Enter"),
    gettext_noop("Factors forgotten"),
    gettext_noop("Fail"),
    gettext_noop("Failed"),
    gettext_noop("Generate"),
    gettext_noop("Issue"),
    gettext_noop("Leave"),
    gettext_noop("Member added"),
    gettext_noop("Member removed"),
    gettext_noop("Passkey added"),
    gettext_noop("Passkey removed"),
    gettext_noop("Password changed"),
    gettext_noop("Password set"),
    gettext_noop("Queued"),
    gettext_noop("Rates imported"),
    gettext_noop("Recovery codes made"),
    gettext_noop("Regenerate"),
    gettext_noop("Rules assigned"),
    gettext_noop("Send"),
    gettext_noop("Sending"),
    gettext_noop("Sent"),
    gettext_noop("Sign in refused"),
    gettext_noop("Signed in"),
    gettext_noop("Signed out"),
    gettext_noop("Signed out browser"),
    gettext_noop("Signed out everywhere"),
)
"""What the other actions are called: the words of their own names. This is where translators find them."""

_PAGES = {
    "invoice": "/invoices/",
    "ManagedAccount": "/accounts/",
    "BillingProfile": "/settings/billing-profiles/",
    "BillingRule": "/settings/billing-rules/",
    "Integration": "/settings/integrations/",
    "User": "/settings/users/",
    "user": "/settings/users/",
    "Team": "/settings/teams/",
    "webhook": "/settings/webhooks/",
}


def kind_names() -> list[tuple[str, str]]:
    """Return the kinds with their names."""
    names = {
        "invoices": _("Invoices and mails"),
        "accounts": _("Managed accounts"),
        "profiles": _("Billing profiles"),
        "rules": _("Billing rules"),
        "rates": _("Exchange rates"),
        "costs": _("Integrations and costs"),
        "reports": _("Cost reports"),
        "people": _("Users and teams"),
        "programs": _("Tokens and webhooks"),
        "settings": _("Settings"),
    }
    return [(kind, names[kind]) for kind in KINDS]


def source_names() -> dict[str, str]:
    """Return the doors with their names."""
    return {"console": _("Console"), "api": _("API"), "cli": _("Command line"), "job": _("Background work")}


def action_name(action: str) -> str:
    """Return what was done."""
    names = {
        "record_created": _("Created"),
        "record_updated": _("Changed"),
        "record_destroyed": _("Deleted"),
        "webhook.add": _("Created"),
        "webhook.change": _("Changed"),
        "webhook.remove": _("Deleted"),
        "webhook.rotate": _("New secret"),
        "webhook.test": _("Test sent"),
        "webhook.replay": _("Replayed"),
        "webhook.switch_off": _("Paused by Billow"),
        "mail.test": _("Sent"),
        "audit_log.export": _("Taken away as a file"),
        "mailed_link.sent": _("Link mailed"),
        "mailed_link.failed": _("Link not mailed"),
        "codes_switched_on": _("Authenticator app set up"),
        "codes_switched_off": _("Authenticator app removed"),
        "identity_linked": _("Tied to the identity provider"),
        "factors_forgotten": _("Helped back in without a phone"),
        "signed_out_browser": _("Signed out one browser"),
    }
    last = action.rpartition(".")[2]
    return names.get(action) or _(last.replace("_", " ").capitalize())


def type_name(entry: AuditEntry) -> str:
    """Return the kind of record that was acted upon."""
    names = {
        "invoice": _("Invoice"),
        "credit_note": _("Credit note"),
        "delivery": _("Mail"),
        "ManagedAccount": _("Managed account"),
        "ManagementAccount": _("Management account"),
        "BillingProfile": _("Billing profile"),
        "BillingRule": _("Billing rule"),
        "ExchangeRate": _("Exchange rates"),
        "CostImport": _("Cost import"),
        "UserCostsUpload": _("Uploaded costs"),
        "DataExport": _("Export of costs"),
        "CostReport": _("Cost report"),
        "ApiToken": _("Access token"),
        "SsoConnection": _("Sign-on"),
        "AuditLog": _("Audit log"),
        "Integration": _("Integration"),
        "Team": _("Team"),
        "User": _("User"),
        "user": _("User"),
        "webhook": _("Webhook"),
        "Mail": _("Test mail to"),
    }
    name = entry.object_type
    return names.get(name) or name[:1].upper() + name[1:]


def thing_name(entry: AuditEntry) -> str:
    """Return what the record is called."""
    return entry.object_name or entry.object_token


def page_of(entry: AuditEntry) -> str:
    """Return where the record can be seen; empty where it has no page, or was deleted by this."""
    if entry.action in {"record_destroyed", "webhook.remove"} or not entry.object_token:
        return ""
    page = _PAGES.get(entry.object_type)
    return f"{page}{entry.object_token}" if page else ""


def changes_of(entry: AuditEntry) -> list[tuple[str, str, bool]]:
    """Return the fields that the entry names, each with its value and whether that is of several lines."""
    found = []
    for name, value in entry.changes.items():
        plain = value is None or isinstance(value, str | int | float)
        text = ("" if value is None else str(value)) if plain else json.dumps(value, indent=2, ensure_ascii=False)
        found.append((name.replace("_", " "), text, "\n" in text))
    return found
