"""One invoice as plain values for its page."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from billow.interfaces.web.invoice.charges import Provider, change, providers_of
from billow.interfaces.web.invoices.rows import Reader, Row, invoice_row
from billow.interfaces.web.shown.amounts import Amount, amount, amount_of_minor, exact_text, percent, signed
from billow.interfaces.web.shown.pills import Pill, delivery_pill, verb_words
from billow.interfaces.web.shown.times import Moment, day, moment, month_name, zone_of
from billow.usecases.actor import Actor
from billow.usecases.compare_invoices import MONTH_BEFORE
from billow.usecases.read_invoices import InvoicePage

_REMEDIES = {"missing_exchange_rate": gettext_noop("Import the rate on the server (billow rates import), then retry.")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What one rule changed altogether."""

    title: str
    lines: int
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustmentShown:
    """A tax, fee, credit or discount of this invoice, with its sign."""

    name: str
    how: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """An exchange rate that was used."""

    pair: str
    rate: str
    day: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A mail to one recipient and what became of it."""

    recipient: str
    pill: Pill | None
    outcome: str
    attempts: int
    at: Moment
    next_at: Moment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One entry of the history."""

    title: str
    detail: str
    who: str
    at: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionShown:
    """One version of the content."""

    number: int
    name: str
    is_current: bool
    total: Amount | None
    lines: int
    fingerprint: str
    software: str
    at: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class BeforeShown:
    """The month before, and by how much this one differs from it."""

    month: str
    url: str
    total: Amount | None
    change: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditNoteShown:
    """A credit note for this invoice, and where its documents are."""

    number: str
    url: str
    day: str
    total: Amount | None
    lines: int
    reason: str
    who: str
    completes: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceShown:
    """Everything the page shows."""

    row: Row
    title: str
    month: str
    month_url: str
    customer_url: str
    issued: str
    due: str
    terms: str
    recipients: str
    providers: tuple[Provider, ...]
    number_of_lines: int
    effects: tuple[Effect, ...]
    subtotal: Amount | None
    adjustments: tuple[AdjustmentShown, ...]
    rounding: str
    rates: tuple[Rate, ...]
    findings: tuple[str, ...]
    remedy: str
    messages: tuple[Message, ...]
    history: tuple[Event, ...]
    versions: tuple[VersionShown, ...]
    before: BeforeShown | None
    credit_notes: tuple[CreditNoteShown, ...]
    may_credit: bool
    preview_url: str
    live_url: str
    live_every_s: int


def shown(page: InvoicePage, *, actor: Actor, now: datetime) -> InvoiceShown:
    """Return the page's values from the use case's."""
    zone = zone_of(actor.management_account.time_zone)
    may_write = actor.user is not None and actor.user.may_write_invoices
    row = invoice_row(page.row, reader=Reader(may_write=may_write, zone=zone, now=now))
    invoice: Any = page.invoice
    token, period = page.row.token, page.row.period
    current = next((version for version in page.versions if version.is_current), None)
    return InvoiceShown(
        row=row,
        title=row.number,
        month=month_name(period),
        month_url=f"/invoices?period={period}",
        customer_url=f"/invoices?period=all&account={row.account_token}",
        issued=day(page.row.issue_date),
        due=day(page.row.due_date),
        terms=_terms(invoice),
        recipients=", ".join(invoice.buyer.billing_email) if invoice else "",
        providers=providers_of(invoice) if invoice else (),
        number_of_lines=len(invoice.lines) if invoice else 0,
        effects=_effects(page),
        subtotal=amount_of_minor(invoice.totals.subtotal_minor, currency=invoice.currency) if invoice else None,
        adjustments=_adjustments(invoice),
        rounding=_rounding(invoice),
        rates=_rates(invoice),
        findings=tuple(dict.fromkeys(issue.message for issue in page.findings)),
        remedy=_(_REMEDIES.get(page.row.failure_code, "")),
        messages=_messages(page, zone, now),
        history=_history(page, zone, now),
        versions=_versions(page, zone, now),
        before=_before(page),
        credit_notes=_credit_notes(page),
        may_credit=may_write and row.status == "approved" and not row.is_credited,
        preview_url=f"/invoices/{token}/pdf?v={current.fingerprint[:12]}" if row.has_documents and current else "",
        live_url=f"/invoices/{token}/live?seen={seen_of(row, page)}",
        live_every_s=2 if row.is_busy else 30 if row.is_open else 0,
    )


def seen_of(row: Row, page: InvoicePage) -> str:
    """Return a digest that differs when the page would look different."""
    messages = [f"{entry.status}{entry.attempts}" for entry in page.deliveries]
    text = "\n".join((row.fingerprint, str(len(page.transitions)), str(len(page.versions)), *messages))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _before(page: InvoicePage) -> BeforeShown | None:
    last, total = page.month_before, page.row.total
    if last is None or total is None:
        return None
    change = signed(total - last.total)
    if share := percent(total - last.total, of=abs(last.total)):
        change = f"{change}, {share}"
    return BeforeShown(
        month=month_name(last.period),
        url=f"/invoices/{page.row.token}/compare?with={MONTH_BEFORE}",
        total=amount(last.total, currency=last.currency),
        change=change if last.currency == page.row.currency else "",
    )


def _credit_notes(page: InvoicePage) -> tuple[CreditNoteShown, ...]:
    return tuple(
        CreditNoteShown(
            number=note.number,
            url=f"/credit-notes/{note.token}",
            day=day(note.issue_date),
            total=amount(note.total, currency=page.row.currency),
            lines=note.lines,
            reason=note.reason,
            who=note.who,
            completes=note.completes,
        )
        for note in page.credit_notes
    )


def _terms(invoice: Any) -> str:
    if invoice is None:
        return ""
    days = invoice.payment_terms_days
    if not days:
        return _("Due on receipt")
    return ngettext("Net %(number)s days", "Net %(number)s days", days) % {"number": days}


def _effects(page: InvoicePage) -> tuple[Effect, ...]:
    return tuple(
        Effect(
            title=effect.title,
            lines=effect.lines,
            changes=tuple(
                f"{change(value, currency=currency) or '0'} {currency}" for currency, value in effect.amounts.items()
            ),
        )
        for effect in page.rule_effects
    )


def _adjustments(invoice: Any) -> tuple[AdjustmentShown, ...]:
    if invoice is None:
        return ()
    entries = []
    for item in invoice.adjustments:
        value = amount_of_minor(item.signed_minor, currency=invoice.currency)
        how = f"{item.amount.normalize():f}\N{NARROW NO-BREAK SPACE}%" if item.calculation_type == "percentage" else ""
        plus = "" if value.is_negative or value.is_zero else "+"
        entries.append(AdjustmentShown(name=item.name, how=how, value=f"{plus}{value.text}"))
    return tuple(entries)


def _rounding(invoice: Any) -> str:
    if invoice is None:
        return ""
    exact = sum((line.exact_amount for line in invoice.lines), Decimal(0))
    if str(invoice.rounding_rule) == "exact_total":
        return _("%(amount)s before rounding") % {"amount": exact_text(exact)}
    return _("%(amount)s before rounding, line by line") % {"amount": exact_text(exact)}


def _rates(invoice: Any) -> tuple[Rate, ...]:
    if invoice is None:
        return ()
    return tuple(
        Rate(
            pair=f"1 {rate.base_currency} = {rate.rate.normalize():f} {rate.currency}",
            rate=f"{rate.rate.normalize():f}",
            day=day(rate.effective_date),
        )
        for rate in invoice.exchange_rates
    )


def _messages(page: InvoicePage, zone: Any, now: datetime) -> tuple[Message, ...]:
    return tuple(
        Message(
            recipient=entry.recipient,
            pill=delivery_pill(entry.status),
            outcome=_outcome(entry),
            attempts=entry.attempts,
            at=moment(entry.updated_at, zone=zone, now=now),
            next_at=moment(entry.next_attempt_at, zone=zone, now=now)
            if entry.next_attempt_at and entry.status == "deferred"
            else None,
        )
        for entry in reversed(page.deliveries)
    )


def _outcome(entry: Any) -> str:
    """Say what the mail server (or the outbox) answered; that it accepted is said beside it already."""
    code = "" if entry.outcome_code == "accepted" else entry.outcome_code
    text = " ".join(part for part in (code, entry.outcome_message) if part)
    return text[:1].upper() + text[1:]


def _history(page: InvoicePage, zone: Any, now: datetime) -> tuple[Event, ...]:
    return tuple(
        Event(
            title=verb_words(step.verb),
            detail=step.reason,
            who=step.who or "Billow",
            at=moment(step.at, zone=zone, now=now),
        )
        for step in reversed(page.transitions)
    )


def _versions(page: InvoicePage, zone: Any, now: datetime) -> tuple[VersionShown, ...]:
    return tuple(
        VersionShown(
            number=version.version_number,
            name=_("Version %(number)s") % {"number": version.version_number},
            is_current=version.is_current,
            total=amount(version.total, currency=page.row.currency),
            lines=version.line_count,
            fingerprint=version.fingerprint[:12],
            software=version.software_version,
            at=moment(version.created_at, zone=zone, now=now),
        )
        for version in reversed(page.versions)
    )
