"""Statuses as a person reads them: a word and a tone."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop


@dataclass(frozen=True, slots=True, kw_only=True)
class Pill:
    """A status: ``tone`` picks the colour (styles in table.css), the word says it without colour."""

    label: str
    tone: str


READY = "ready"
"""The computed status of an account and month without an invoice; never stored."""

_STATUSES = {
    READY: Pill(label=gettext_noop("Ready to invoice"), tone="ready"),
    "generating": Pill(label=gettext_noop("Generating"), tone="busy"),
    "awaiting_approval": Pill(label=gettext_noop("Awaiting approval"), tone="attention"),
    "approved": Pill(label=gettext_noop("Approved"), tone="good"),
    "failed": Pill(label=gettext_noop("Failed"), tone="bad"),
    "cancelled": Pill(label=gettext_noop("Cancelled"), tone="quiet"),
}

_DELIVERIES = {
    "queued": Pill(label=gettext_noop("Queued"), tone="busy"),
    "sending": Pill(label=gettext_noop("Sending"), tone="busy"),
    "accepted": Pill(label=gettext_noop("Sent"), tone="good"),
    "deferred": Pill(label=gettext_noop("Retrying"), tone="attention"),
    "failed": Pill(label=gettext_noop("Not sent"), tone="bad"),
    "bounced": Pill(label=gettext_noop("Bounced"), tone="bad"),
}

UNDER_WAY = frozenset({"queued", "sending"})
"""Deliveries that will move within seconds; a deferred one waits for its next attempt."""

_VERBS = {
    "generate": gettext_noop("Generation requested"),
    "complete": gettext_noop("Generated"),
    "fail": gettext_noop("Generation failed"),
    "regenerate": gettext_noop("Regeneration requested"),
    "approve": gettext_noop("Approved"),
    "cancel": gettext_noop("Cancelled"),
}


def status_pill(status: str) -> Pill:
    """Return the pill of an invoice status."""
    known = _STATUSES.get(status)
    return _said(known) if known else Pill(label=status.replace("_", " ").capitalize(), tone="quiet")


def credited_pill() -> Pill:
    """Return the pill of an approved invoice of which credit notes left nothing."""
    return Pill(label=_("Credited"), tone="quiet")


def delivery_pill(status: str) -> Pill | None:
    """Return the pill of a delivery status, or None where nothing was sent."""
    if not status:
        return None
    known = _DELIVERIES.get(status)
    return _said(known) if known else Pill(label=status.capitalize(), tone="quiet")


def verb_words(verb: str) -> str:
    """Return what became of an invoice."""
    known = _VERBS.get(verb)
    return _(known) if known else verb.replace("_", " ").capitalize()


def _said(pill: Pill) -> Pill:
    return Pill(label=_(pill.label), tone=pill.tone)
