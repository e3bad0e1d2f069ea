"""Statuses as a person reads them: a word and a tone."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Pill:
    """A status: ``tone`` picks the colour (styles in table.css), the word says it without colour."""

    label: str
    tone: str


READY = "ready"
"""The computed status of an account and month without an invoice; never stored."""

STATUSES = {
    READY: Pill(label="Ready to invoice", tone="ready"),
    "generating": Pill(label="Generating", tone="busy"),
    "awaiting_approval": Pill(label="Awaiting approval", tone="attention"),
    "approved": Pill(label="Approved", tone="good"),
    "failed": Pill(label="Failed", tone="bad"),
    "cancelled": Pill(label="Cancelled", tone="quiet"),
}

DELIVERIES = {
    "queued": Pill(label="Queued", tone="busy"),
    "sending": Pill(label="Sending", tone="busy"),
    "accepted": Pill(label="Sent", tone="good"),
    "deferred": Pill(label="Retrying", tone="attention"),
    "failed": Pill(label="Not sent", tone="bad"),
    "bounced": Pill(label="Bounced", tone="bad"),
}

UNDER_WAY = frozenset({"queued", "sending"})
"""Deliveries that will move within seconds; a deferred one waits for its next attempt."""

VERBS = {
    "generate": "Generation requested",
    "complete": "Generated",
    "fail": "Generation failed",
    "regenerate": "Regeneration requested",
    "approve": "Approved",
    "cancel": "Cancelled",
}


def status_pill(status: str) -> Pill:
    """Return the pill of an invoice status."""
    return STATUSES.get(status) or Pill(label=status.replace("_", " ").capitalize(), tone="quiet")


CREDITED = Pill(label="Credited", tone="quiet")
"""An approved invoice of which credit notes left nothing."""


def delivery_pill(status: str) -> Pill | None:
    """Return the pill of a delivery status, or None where nothing was sent."""
    if not status:
        return None
    return DELIVERIES.get(status) or Pill(label=status.capitalize(), tone="quiet")
