"""The mail that carries an invoice: its subject, its text and its HTML."""

import html
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from string import Template

from billow.delivery.words import words_in
from billow.documents.figures import Figures, figures_for
from billow.documents.words import language_of
from billow.terms.period import BillingPeriod


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceFacts:
    """What the mail says about an issued invoice; ``company`` is the seller, ``buyer`` the customer."""

    number: str
    company: str
    buyer: str
    period: BillingPeriod
    currency: str
    total_minor: int
    issue_date: date
    due_date: date
    locale: str
    takes_replies: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """The written mail."""

    subject: str
    text: str
    html: str


def write_letter(*, facts: InvoiceFacts) -> Letter:
    """Return the mail about an issued invoice; raise UnknownLocale or UnknownCurrency for facts that no invoice has."""
    words = words_in(language=language_of(locale=facts.locale))
    figures = figures_for(locale=facts.locale, currency=facts.currency)
    values = _values(facts, figures)
    lines = {key: word.format(**values) for key, word in words.items()}
    rows = _rows(facts, lines=lines, values=values)
    closing = lines["question"] if facts.takes_replies else lines["question_no_reply"]
    return Letter(
        subject=lines["subject"],
        text=_text(lines, rows=rows, payment=_payment(facts, lines), closing=closing),
        html=_html(facts, lines=lines, rows=rows, closing=closing),
    )


def _values(facts: InvoiceFacts, figures: Figures) -> dict[str, str]:
    return {
        "number": facts.number,
        "company": facts.company,
        "buyer": facts.buyer,
        "period": figures.month(facts.period),
        "amount": figures.money(abs(facts.total_minor)),
        "issue_date": figures.day(facts.issue_date),
        "due_date": figures.day(facts.due_date),
    }


def _rows(facts: InvoiceFacts, *, lines: dict[str, str], values: dict[str, str]) -> list[tuple[str, str]]:
    rows = [
        (lines["invoice"], values["number"]),
        (_amount_label(facts, lines), values["amount"]),
        (lines["period"], values["period"]),
        (lines["issue_date"], values["issue_date"]),
    ]
    if facts.total_minor > 0:
        rows.append((lines["due_date"], values["due_date"]))
    return rows


def _amount_label(facts: InvoiceFacts, lines: dict[str, str]) -> str:
    if facts.total_minor > 0:
        return lines["amount_due"]
    return lines["amount_credit"] if facts.total_minor < 0 else lines["amount_nothing"]


def _payment(facts: InvoiceFacts, lines: dict[str, str]) -> str:
    if facts.total_minor <= 0:
        return lines["nothing_to_pay"]
    return lines["to_pay"] if facts.due_date > facts.issue_date else lines["to_pay_on_receipt"]


def _text(lines: dict[str, str], *, rows: list[tuple[str, str]], payment: str, closing: str) -> str:
    width = max(len(label) for label, _ in rows) + 2
    table = "\n".join(f"{label + ':':<{width}}{value}" for label, value in rows)
    return (
        f"{lines['greeting']}\n\n{lines['opening']}\n\n{table}\n\n{payment}\n\n{closing}\n\n-- \n{lines['automatic']}\n"
    )


def _html(facts: InvoiceFacts, *, lines: dict[str, str], rows: list[tuple[str, str]], closing: str) -> str:
    row = Template(
        '<tr><td class="quiet" style="padding:8px 16px 8px 0;color:#5c6470;">$label</td>'
        '<td class="ink" style="padding:8px 0;color:#1a1d21;text-align:right;">$value</td></tr>'
    )
    amount_label, amount = rows[1]
    details = "\n".join(
        row.substitute(label=html.escape(label), value=html.escape(value)) for label, value in [rows[0], *rows[2:]]
    )
    return _template().substitute(
        language=language_of(locale=facts.locale),
        details=details,
        **{
            name: html.escape(text)
            for name, text in {
                "subject": lines["subject"],
                "preview": lines["preview"],
                "company": facts.company,
                "greeting": lines["greeting"],
                "opening": lines["opening"],
                "amount_label": amount_label,
                "amount": amount,
                "payment": _payment(facts, lines),
                "closing": closing,
                "automatic": lines["automatic"],
            }.items()
        },
    )


@cache
def _template() -> Template:
    return Template((files("billow.delivery") / "templates" / "invoice.html").read_text(encoding="utf-8"))
