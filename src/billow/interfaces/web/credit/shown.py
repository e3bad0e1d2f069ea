"""What can be credited, and what a credit note will say, as plain values."""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from billow.interfaces.web.shown.amounts import Amount, amount, signed
from billow.usecases.foresee_credit import CreditableInvoice, ForeseenCredit


@dataclass(frozen=True, slots=True, kw_only=True)
class LineShown:
    """A line with its box to tick."""

    number: int
    title: str
    detail: str
    amount: Amount | None
    is_credited: bool
    is_chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceShown:
    """The invoice and what is left of it."""

    token: str
    number: str
    url: str
    customer: str
    total: Amount | None
    left: Amount | None
    is_partly_credited: bool
    lines: tuple[LineShown, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeseenShown:
    """What the credit note will say; ``expected`` goes back with the confirmation."""

    lines: int
    subtotal: Amount | None
    items: tuple[tuple[str, str], ...]
    total: Amount | None
    expected: Decimal
    completes: bool


def invoice_shown(invoice: CreditableInvoice, *, chosen: Collection[str]) -> InvoiceShown:
    """Return the invoice for the page; ``chosen`` are line numbers as they came from the form."""
    return InvoiceShown(
        token=invoice.token,
        number=invoice.number,
        url=f"/invoices/{invoice.token}",
        customer=invoice.account_name,
        total=amount(invoice.total, currency=invoice.currency),
        left=amount(invoice.left, currency=invoice.currency),
        is_partly_credited=invoice.left != invoice.total,
        lines=tuple(
            LineShown(
                number=line.line_number,
                title=line.title,
                detail=" · ".join(part for part in (line.service, line.place) if part),
                amount=amount(line.amount, currency=invoice.currency),
                is_credited=line.is_credited,
                is_chosen=str(line.line_number) in chosen,
            )
            for line in invoice.lines
        ),
    )


def foreseen_shown(foreseen: ForeseenCredit, *, currency: str) -> ForeseenShown:
    """Return the credit note to come."""
    return ForeseenShown(
        lines=foreseen.lines,
        subtotal=amount(foreseen.subtotal, currency=currency),
        items=tuple((name, signed(value)) for name, value in foreseen.items),
        total=amount(foreseen.total, currency=currency),
        expected=foreseen.total,
        completes=foreseen.completes,
    )
