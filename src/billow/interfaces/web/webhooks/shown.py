"""Webhooks, events and calls as a person reads them."""

from datetime import datetime
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from billow.interfaces.web.frame.actor import clock
from billow.interfaces.web.shown.pills import Pill
from billow.interfaces.web.shown.times import Moment, moment, zone_of
from billow.records.accounts.models import ManagementAccount
from billow.records.webhooks.models import WebhookEndpoint


def event_name(event_type: str) -> str:
    """Return what an event of this type is called."""
    names = {
        "invoice.generated": _("Invoice generated"),
        "invoice.generation_failed": _("Generation failed"),
        "invoice.approved": _("Invoice approved"),
        "invoice.cancelled": _("Invoice cancelled"),
        "credit_note.issued": _("Credit note issued"),
        "delivery.accepted": _("Mail sent"),
        "delivery.deferred": _("Mail waits"),
        "delivery.failed": _("Mail failed"),
        "delivery.bounced": _("Mail bounced"),
        "webhook.test": _("Test"),
    }
    return names.get(event_type, event_type)


def call_pill(status: str) -> Pill:
    """Return the pill of a call's status."""
    pills = {
        "queued": Pill(label=_("Queued"), tone="busy"),
        "calling": Pill(label=_("Calling"), tone="busy"),
        "accepted": Pill(label=_("Accepted"), tone="good"),
        "deferred": Pill(label=_("Retrying"), tone="attention"),
        "failed": Pill(label=_("Failed"), tone="bad"),
    }
    return pills.get(status) or Pill(label=status, tone="quiet")


def state_of(endpoint: WebhookEndpoint) -> Pill:
    """Return whether the webhook is called, and whether that works."""
    if not endpoint.active:
        return Pill(label=_("Paused"), tone="quiet")
    if endpoint.failing_since is not None:
        return Pill(label=_("Failing"), tone="bad")
    return Pill(label=_("Active"), tone="good")


def host_of(url: str) -> str:
    """Return the part of a URL that holds no secret."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/…" if parts.path.strip("/") or parts.query else url


def when(at: datetime, account: ManagementAccount) -> Moment:
    """Write an instant in the management account's time zone."""
    return moment(at, zone=zone_of(account.time_zone), now=clock())
