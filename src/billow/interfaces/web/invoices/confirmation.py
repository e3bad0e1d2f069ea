"""What will happen, before it happens: how many, how much, to whom, and what is left out."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billow.interfaces.web.invoices.acts import Act, why_skipped
from billow.interfaces.web.invoices.rows import Reader, Row, invoice_row, margin_percent, ready_row
from billow.interfaces.web.shown.amounts import Amount, amount, sum_by_currency
from billow.interfaces.web.shown.times import zone_of
from billow.records.billing.models import Invoice, ManagedAccount
from billow.terms.period import BillingPeriod, InvalidBillingPeriod
from billow.usecases.actor import Actor
from billow.usecases.read_invoices import list_invoices
from billow.usecases.ready_to_invoice import ready_list

MOST_LISTED = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrencyTotal:
    """What is concerned in one currency; an approval shows the margin too."""

    number: int
    total: Amount | None
    margin: Amount | None = None
    margin_percent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipients:
    """Where one invoice goes."""

    name: str
    customer: str
    addresses: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """Rows that are left out for the same reason."""

    reason: str
    names: tuple[str, ...]
    more: int
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """Everything the dialog says. ``items`` and ``stale_items`` go back with the answer, as does ``seen``.

    ``stale_items`` are drafts that no longer match the data; they are approved only when the person ticks them.
    """

    act: Act
    title: str
    items: str
    number: int
    single: Row | None
    totals: tuple[CurrencyTotal, ...]
    total_label: str
    recipients: tuple[Recipients, ...]
    number_of_addresses: int
    skipped: tuple[Skipped, ...]
    number_of_skipped: int
    stale_items: str
    stale: tuple[Row, ...]
    warned: tuple[Row, ...]
    seen: str
    notice: str = ""


def confirmation(*, actor: Actor, act: Act, rows: Sequence[Row], notice: str = "") -> Confirmation:
    """Return what the act would do to the rows."""
    addresses = _addresses(actor, rows) if act.name in {"approve", "send"} else None
    skipped: dict[str, list[str]] = {}
    for row in rows:
        if reason := _why_not(act, row, addresses):
            skipped.setdefault(reason, []).append(row.name)
    fit = [row for row in rows if not _why_not(act, row, addresses)]
    stale = [row for row in fit if act.name == "approve" and row.is_stale]
    kept = [row for row in fit if row not in stale]
    sent = [
        Recipients(name=row.name, customer=row.customer, addresses=", ".join(addresses[row.account_token]))
        for row in kept
        if addresses is not None
    ]
    return Confirmation(
        act=act,
        title=act.question.format(what=_what(kept or stale, act)),
        items=" ".join(row.item for row in kept),
        number=len(kept),
        single=kept[0] if len(kept) == 1 else None,
        totals=_totals(act, kept),
        total_label=_("Provider cost") if act.name == "generate" else _("Total"),
        recipients=tuple(sent),
        number_of_addresses=sum(len(addresses[row.account_token]) for row in kept) if addresses is not None else 0,
        skipped=tuple(
            Skipped(
                reason=reason,
                names=tuple(names[:MOST_LISTED]),
                more=max(0, len(names) - MOST_LISTED),
                number=len(names),
            )
            for reason, names in skipped.items()
        ),
        number_of_skipped=sum(len(names) for names in skipped.values()),
        stale_items=" ".join(row.item for row in stale),
        stale=tuple(stale),
        warned=tuple(row for row in kept if row.warnings and act.name in {"approve", "generate"})[:MOST_LISTED],
        seen=seen_of(fit),
        notice=notice,
    )


def seen_of(rows: Sequence[Row]) -> str:
    """Return a digest of what the person was shown, to notice that it changed before they answered."""
    text = "\n".join(sorted(f"{row.item} {row.status} {row.exact.total} {row.is_stale}" for row in rows))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def rows_of(*, actor: Actor, items: Sequence[str], now: datetime) -> list[Row]:
    """Return the rows that the items of a form name, in that order; unknown ones are left out."""
    reader = Reader(may_write=True, zone=zone_of(actor.management_account.time_zone), now=now)
    tokens = [item for item in items if ":" not in item]
    found: dict[str, Row] = {}
    started = Invoice.objects.visible_to(actor).filter(token__in=tokens)
    for period_start in started.order_by("period_start").values_list("period_start", flat=True).distinct():
        for invoice in list_invoices(actor=actor, period=BillingPeriod.of(period_start), now=now):
            found[invoice.token] = invoice_row(invoice, reader=reader)
    for period in sorted({period for item in items if (period := period_of(item))}):
        with_costs = len(items) <= MOST_LISTED
        for ready in ready_list(actor=actor, now=now, period=period, with_costs=with_costs).ready:
            row = ready_row(ready, reader=reader)
            found[row.item] = row
    return [found[item] for item in dict.fromkeys(items) if item in found]


def period_of(item: str) -> BillingPeriod | None:
    """Return the month of a ready row's item, None for an invoice's token."""
    _token, colon, text = item.partition(":")
    try:
        return BillingPeriod.parse(text) if colon else None
    except InvalidBillingPeriod:
        return None


def _why_not(act: Act, row: Row, addresses: dict[str, list[str]] | None) -> str:
    if row.status not in act.statuses:
        return why_skipped(act=act, status=row.status)
    if addresses is not None and not addresses.get(row.account_token):
        return _("the customer has no billing e-mail address; add one to the customer first")
    return ""


def _what(rows: Sequence[Row], act: Act) -> str:
    if len(rows) == 1:
        return rows[0].number or _("the invoice of %(customer)s") % {"customer": rows[0].customer}
    if act.name in {"approve", "cancel"}:
        return ngettext("%(number)s draft", "%(number)s drafts", len(rows)) % {"number": len(rows)}
    return ngettext("%(number)s invoice", "%(number)s invoices", len(rows)) % {"number": len(rows)}


def _totals(act: Act, rows: Sequence[Row]) -> tuple[CurrencyTotal, ...]:
    if act.name == "generate":
        known = [(row.currency, row.exact.provider_cost) for row in rows if row.exact.provider_cost is not None]
    else:
        known = [(row.currency, row.exact.total) for row in rows if row.exact.total is not None]
    return tuple(
        CurrencyTotal(
            number=sum(code == currency for code, _total in known),
            total=amount(total, currency=currency),
            **(_margin([row for row in rows if row.currency == currency]) if act.name == "approve" else {}),
        )
        for currency, total in sum_by_currency(known).items()
    )


def _margin(rows: Sequence[Row]) -> dict[str, Any]:
    """Return what the drafts of one currency earn before taxes and fees."""
    subtotal = sum((row.exact.subtotal or Decimal(0) for row in rows), Decimal(0))
    margin = sum((row.exact.margin or Decimal(0) for row in rows), Decimal(0))
    return {
        "margin": amount(margin, currency=rows[0].currency),
        "margin_percent": margin_percent(margin=margin, subtotal=subtotal),
    }


def _addresses(actor: Actor, rows: Sequence[Row]) -> dict[str, list[str]]:
    accounts = ManagedAccount.objects.visible_to(actor)
    wanted = accounts.filter(token__in={row.account_token for row in rows})
    return {token: list(dict.fromkeys(emails or [])) for token, emails in wanted.values_list("token", "billing_email")}
