"""The invoice as CSV: one row per line, per adjustment, and the total."""

import csv
import io
from collections.abc import Iterator
from decimal import Decimal

from billow.invoicing.correction import CreditNote
from billow.invoicing.invoice import Adjustment, AdjustmentType, Invoice, InvoiceLine
from billow.terms.money import amount_text

COLUMNS = (
    "invoice_number",
    "invoice_token",
    "billing_period_start",
    "billing_period_end",
    "account_token",
    "account_name",
    "line_type",
    "provider",
    "billing_account_id",
    "account_id",
    "service",
    "cost_category",
    "cost_sub_category",
    "charge_type",
    "region",
    "description",
    "usage_amount",
    "usage_unit",
    "amount",
    "currency",
)

CREDIT_NOTE_COLUMNS = ("credit_note_number", "credit_note_token", *COLUMNS)

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # the last four are full-width


def render_csv(*, invoice: Invoice) -> bytes:
    """Return the invoice as UTF-8 CSV (RFC 4180, CRLF) whose rows other than ``total`` add up to the total.

    ``billing_period_end`` is the last day. Text that a spreadsheet would take for a formula
    begins with an apostrophe; numbers are plain decimals.
    """
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(_rows(invoice))
    return text.getvalue().encode("utf-8")


def render_credit_note_csv(*, note: CreditNote) -> bytes:
    """Return the credit note in the columns of an invoice, after two of its own; its amounts mirror the invoice's."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, CREDIT_NOTE_COLUMNS, restval="", lineterminator="\r\n")
    writer.writeheader()
    own = {"credit_note_number": safe_cell(note.document.number), "credit_note_token": note.document.token}
    preceding = {"invoice_number": safe_cell(note.preceding_number), "invoice_token": note.preceding_token}
    writer.writerows({**row, **own, **preceding} for row in _rows(note.document))
    return text.getvalue().encode("utf-8")


def _rows(invoice: Invoice) -> Iterator[dict[str, str]]:
    heading = _heading(invoice)
    for line in invoice.lines:
        if line.amount_minor:
            yield heading | _line_cells(line, currency=invoice.currency)
    for adjustment in invoice.adjustments:
        if adjustment.amount_minor:
            yield heading | _adjustment_cells(adjustment, currency=invoice.currency)
    total = amount_text(invoice.totals.total_minor, currency=invoice.currency)
    yield heading | {"line_type": "total", "amount": total}


def _heading(invoice: Invoice) -> dict[str, str]:
    return {
        "invoice_number": safe_cell(invoice.number),
        "invoice_token": invoice.token,
        "billing_period_start": invoice.period.start.isoformat(),
        "billing_period_end": invoice.period.last_day.isoformat(),
        "account_token": invoice.buyer.token,
        "account_name": safe_cell(invoice.buyer.name),
        "currency": invoice.currency,
    }


def _line_cells(line: InvoiceLine, *, currency: str) -> dict[str, str]:
    return {
        "line_type": "cost",
        "provider": safe_cell(line.provider),
        "billing_account_id": safe_cell(line.billing_account_id),
        "account_id": safe_cell(line.sub_account_id),
        "service": safe_cell(line.service),
        "cost_category": safe_cell(line.service_category),
        "cost_sub_category": safe_cell(line.service_subcategory),
        "charge_type": safe_cell(line.charge_category),
        "region": safe_cell(line.region),
        "description": safe_cell(line.description),
        "usage_amount": "" if line.usage_amount is None else _plain(line.usage_amount),
        "usage_unit": safe_cell(line.usage_unit),
        "amount": amount_text(line.amount_minor, currency=currency),
    }


def _adjustment_cells(adjustment: Adjustment, *, currency: str) -> dict[str, str]:
    adds = adjustment.adjustment_type is AdjustmentType.CHARGE
    signed = adjustment.amount_minor if adds else -adjustment.amount_minor
    return {
        "line_type": adjustment.adjustment_type.value,
        "description": safe_cell(adjustment.name),
        "amount": amount_text(signed, currency=currency),
    }


def safe_cell(text: str) -> str:
    """Return the text as a cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
