"""Say what a credit note would take back, before anybody issues it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from billow.invoicing.correction import UnableToCredit, credit
from billow.invoicing.invoice import Invoice
from billow.invoicing.lifecycle import InvoiceStatus
from billow.invoicing.serialise import UnableToReadSnapshot
from billow.records.billing import models as billing
from billow.terms.money import from_minor
from billow.usecases.actor import Actor
from billow.usecases.credit_invoices import credits_of
from billow.usecases.read_invoices import invoice_of
from billow.usecases.refused import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditableLine:
    """One line of the invoice; ``is_credited`` ones were taken back already."""

    line_number: int
    provider: str
    service: str
    title: str
    place: str
    amount: Decimal
    is_credited: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditableInvoice:
    """An approved invoice and what is left of it, in ``currency``."""

    token: str
    number: str
    account_name: str
    currency: str
    total: Decimal
    left: Decimal
    lines: tuple[CreditableLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeseenCredit:
    """What the credit note would say; ``items`` are discounts, charges and taxes by name, with their sign."""

    lines: int
    subtotal: Decimal
    items: tuple[tuple[str, Decimal], ...]
    total: Decimal
    completes: bool


def creditable(*, actor: Actor, token: str) -> CreditableInvoice:
    """Return the invoice's lines and what is left of it; raise Refused where there is nothing to credit."""
    row, invoice = _issued(actor, token)
    before = credits_of(invoice=row)
    done = {number for each in before for number in each.lines}
    left = invoice.totals.total_minor - sum(each.totals.total_minor for each in before)
    if any(each.completes for each in before):
        raise Refused("credited_already", f"{row.number} is credited already: nothing is left of it.")
    return CreditableInvoice(
        token=row.token,
        number=row.number,
        account_name=str(row.managed_account),
        currency=invoice.currency,
        total=from_minor(invoice.totals.total_minor, currency=invoice.currency),
        left=from_minor(left, currency=invoice.currency),
        lines=tuple(
            CreditableLine(
                line_number=line.line_number,
                provider=line.provider,
                service=line.service,
                title=line.title,
                place=" · ".join(part for part in (line.account, line.region) if part),
                amount=from_minor(line.amount_minor, currency=invoice.currency),
                is_credited=line.line_number in done,
            )
            for line in invoice.lines
        ),
    )


def foresee_credit(*, actor: Actor, token: str, line_numbers: Sequence[int] | None) -> ForeseenCredit:
    """Return what crediting everything that is left (None), or these lines, would take back; raise Refused if nothing.

    Source of the shares: ``invoicing.correction.credit``, which the credit note itself is made by.
    """
    row, invoice = _issued(actor, token)
    try:
        taken = credit(invoice, before=credits_of(invoice=row), line_numbers=line_numbers)
    except UnableToCredit as unable:
        raise Refused(unable.code, str(unable)) from unable
    credited = [
        replace(entry, amount_minor=minor) for entry, minor in zip(invoice.adjustments, taken.adjustments, strict=True)
    ]
    items = [(entry.name, from_minor(entry.signed_minor, currency=invoice.currency)) for entry in credited]
    return ForeseenCredit(
        lines=len(taken.lines),
        subtotal=from_minor(taken.totals.subtotal_minor, currency=invoice.currency),
        items=tuple(item for item in items if item[1]),
        total=from_minor(taken.totals.total_minor, currency=invoice.currency),
        completes=taken.completes,
    )


def _issued(actor: Actor, token: str) -> tuple[billing.Invoice, Invoice]:
    actor.must_write_invoices()
    rows = billing.Invoice.objects.visible_to(actor).select_related("managed_account", "current_version")
    row = rows.filter(token=token).first()
    if row is None:
        raise Refused("not_found", "Resource not found")
    if row.status != InvoiceStatus.APPROVED or row.current_version is None:
        raise Refused("not_approved", f"{row.number} was not issued; regenerate or cancel it instead.")
    try:
        return row, invoice_of(version=row.current_version)
    except UnableToReadSnapshot as unable:
        raise Refused("version_unreadable", f"{row.number}: {unable} Run `billow verify`.") from unable
