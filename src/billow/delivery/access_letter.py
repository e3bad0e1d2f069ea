"""The mail that carries a link with which somebody sets a password: its subject, its text and its HTML."""

import html
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from string import Template

from billow.delivery.letter import Letter


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessFacts:
    """What the mail says; ``address`` is the link itself and ``hours`` how long it works."""

    company: str
    is_invitation: bool
    address: str
    email: str
    hours: int


def write_access_letter(*, facts: AccessFacts) -> Letter:
    """Return the mail."""
    life = (
        f"{facts.hours // 24} days" if facts.hours >= 48 else "an hour" if facts.hours == 1 else f"{facts.hours} hours"
    )
    if facts.is_invitation:
        subject = f"Your access to Billow of {facts.company}"
        opening = f"You have been invited to Billow, where {facts.company} writes its invoices."
        act, ask = "Choose your password", f"Choose a password; then sign in as {facts.email}."
        closing = "If you did not expect this, you can leave it alone: without a password nobody gets in."
    else:
        subject = "Choose a new password for Billow"
        opening = f"Somebody, probably you, asked for a new password for {facts.email}."
        act, ask = "Choose a new password", "Choose one with the link below."
        closing = "If it was not you, leave this mail alone: your password stays as it is."
    limit = f"The link works once, within {life}."
    text = f"{opening}\n{ask}\n\n{facts.address}\n\n{limit}\n{closing}\n\n-- \n{facts.company} · Billow\n"
    values = {
        "subject": subject,
        "company": facts.company,
        "opening": opening,
        "ask": ask,
        "act": act,
        "address": facts.address,
        "limit": limit,
        "closing": closing,
    }
    filled = _template().substitute({name: html.escape(value) for name, value in values.items()})
    return Letter(subject=subject, text=text, html=filled)


@cache
def _template() -> Template:
    return Template((files("billow.delivery") / "templates" / "access.html").read_text(encoding="utf-8"))
