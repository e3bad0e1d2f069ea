"""An independent guard over a finished invoice: asserts before anything is written or sent.

Nothing here calls the code that computed the invoice.
"""

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal

from billow.invoicing.invoice import AdjustmentType, Invoice, InvoiceLine
from billow.terms.issue import Issue
from billow.terms.money import currency_of


def check_invoice(*, invoice: Invoice) -> tuple[Issue, ...]:
    """Return an error for each invariant the invoice breaks; an empty tuple for a sound invoice."""
    return (*_line_faults(invoice), *_sum_faults(invoice), *_adjustment_faults(invoice))


def _line_faults(invoice: Invoice) -> Iterable[Issue]:
    if [line.line_number for line in invoice.lines] != list(range(1, len(invoice.lines) + 1)):
        yield Issue("line_numbers", "The line numbers are not 1, 2, 3 … without a gap.")
    keys = Counter(_key(line) for line in invoice.lines)
    for line in invoice.lines:
        place = f"lines[{line.line_number}]"
        if keys[_key(line)] > 1:
            yield Issue("duplicate_line", f"Line {line.line_number} stands for the same costs as another.", path=place)
        if line.rated_cost != line.provider_cost + sum((delta.amount for delta in line.deltas), Decimal(0)):
            yield Issue(
                "deltas_do_not_add_up",
                f"Line {line.line_number} is rated {line.rated_cost}, which is not its provider cost plus its deltas.",
                path=place,
            )
    yield from _conversion_faults(invoice)


def _conversion_faults(invoice: Invoice) -> Iterable[Issue]:
    places = currency_of(invoice.currency).minor_unit_places
    rates = {rate.base_currency: rate.rate for rate in invoice.exchange_rates if rate.currency == invoice.currency}
    rates[invoice.currency] = Decimal(1)
    for line in invoice.lines:
        place = f"lines[{line.line_number}]"
        rate = rates.get(line.source_currency)
        if rate is None or line.exact_amount != line.rated_cost * rate:
            yield Issue(
                "wrong_conversion",
                f"Line {line.line_number} is not its rated cost in {line.source_currency} times the exchange rate.",
                path=place,
            )
        if abs(Decimal(line.amount_minor) - line.exact_amount.scaleb(places)) >= 1:
            yield Issue(
                "line_off_by_a_unit",
                f"Line {line.line_number} is a whole minor unit or more away from its exact amount.",
                path=place,
            )


def _sum_faults(invoice: Invoice) -> Iterable[Issue]:
    totals = invoice.totals
    if sum(line.amount_minor for line in invoice.lines) != totals.subtotal_minor:
        yield Issue("lines_do_not_add_up", "The lines do not add up to the subtotal.", path="totals.subtotal_minor")
    expected = totals.subtotal_minor - totals.discounts_minor + totals.charges_minor - totals.credits_minor
    if expected != totals.total_minor:
        yield Issue(
            "total_does_not_add_up",
            "The total is not subtotal less discounts plus charges less credits.",
            path="totals.total_minor",
        )


def _adjustment_faults(invoice: Invoice) -> Iterable[Issue]:
    totals = invoice.totals
    stated = {
        AdjustmentType.DISCOUNT: totals.discounts_minor,
        AdjustmentType.CHARGE: totals.charges_minor,
        AdjustmentType.CREDIT: totals.credits_minor,
    }
    for kind, amount_minor in stated.items():
        if sum(entry.amount_minor for entry in invoice.adjustments if entry.adjustment_type is kind) != amount_minor:
            yield Issue("adjustments_do_not_add_up", f"The adjustments of type {kind} do not add up to their sum.")
    for position, entry in enumerate(invoice.adjustments):
        if entry.amount_minor < 0:
            yield Issue("negative_adjustment", f"{entry.name!r} is negative.", path=f"adjustments[{position}]")


def _key(line: InvoiceLine) -> tuple[str, ...]:
    return (
        line.provider,
        line.billing_account_id,
        line.sub_account_id,
        line.service,
        line.service_category,
        line.service_subcategory,
        line.charge_category,
        line.region,
        line.source_currency,
        line.inserted_by,
    )
