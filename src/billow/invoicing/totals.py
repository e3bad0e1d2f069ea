"""From exact line amounts to the sums of an invoice, in whole minor units.

The order of adjustments: discounts of the subtotal, never more than it; then charges of what is left, not of
each other; then credits of what is left. Each is rounded once, halves away from zero.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from billow.invoicing.invoice import Adjustment, AdjustmentItem, AdjustmentType, CalculationType, Invoice, Totals
from billow.terms.issue import Issue, Severity
from billow.terms.money import amount_text, currency_of, share_out, to_minor
from billow.terms.rounding import RoundingRule, round_half_away

_HUNDREDTH = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class CalculatedTotals:
    """The adjustments in the profile's order with their amounts, the sums, and warnings."""

    adjustments: tuple[Adjustment, ...]
    totals: Totals
    issues: tuple[Issue, ...]


def line_minor_amounts(
    *, exact_amounts: Sequence[Decimal], currency: str, rounding_rule: RoundingRule
) -> tuple[int, ...]:
    """Return what each line is charged in minor units, in the lines' order, by the named rounding rule."""
    places = currency_of(currency).minor_unit_places
    in_minor = [amount.scaleb(places) for amount in exact_amounts]
    if rounding_rule is RoundingRule.PER_LINE:
        return tuple(int(round_half_away(amount, places=0)) for amount in in_minor)
    total = int(round_half_away(sum(in_minor, Decimal(0)), places=0))
    return share_out(total, weights=in_minor)


def check_adjustment_item(*, item: AdjustmentItem) -> tuple[Issue, ...]:
    """Return what is wrong with an adjustment item of a billing profile."""
    if not item.amount.is_finite() or item.amount < 0:
        return (
            Issue(
                "adjustment_negative",
                f"The amount of {item.name!r} is {item.amount}; enter zero or more, the sign comes from the type.",
                column="amount",
                value=str(item.amount),
            ),
        )
    takes_off = item.adjustment_type is not AdjustmentType.CHARGE
    if takes_off and item.calculation_type is CalculationType.PERCENTAGE and item.amount > 100:
        return (
            Issue(
                "adjustment_above_100_percent",
                f"{item.name!r} takes {item.amount} % off; enter at most 100.",
                column="amount",
                value=str(item.amount),
            ),
        )
    return ()


def calculate_totals(*, subtotal_minor: int, items: Sequence[AdjustmentItem], currency: str) -> CalculatedTotals:
    """Return every adjustment's amount and the invoice's sums, all in minor units of ``currency``."""
    amounts: dict[int, int] = {}
    left = max(subtotal_minor, 0)
    for index in _of_type(items, AdjustmentType.DISCOUNT):
        amounts[index] = min(_calculate(items[index], base_minor=subtotal_minor, currency=currency), left)
        left -= amounts[index]
    discounts = sum(amounts.values())
    base = subtotal_minor - discounts
    for kind in (AdjustmentType.CHARGE, AdjustmentType.CREDIT):
        for index in _of_type(items, kind):
            amounts[index] = _calculate(items[index], base_minor=base, currency=currency)
    charges = sum(amounts[index] for index in _of_type(items, AdjustmentType.CHARGE))
    credits_ = sum(amounts[index] for index in _of_type(items, AdjustmentType.CREDIT))
    totals = Totals(
        subtotal_minor=subtotal_minor,
        discounts_minor=discounts,
        charges_minor=charges,
        credits_minor=credits_,
        total_minor=subtotal_minor - discounts + charges - credits_,
    )
    adjustments = tuple(_adjustment(item, amounts[index]) for index, item in enumerate(items))
    issues = totals_warnings(totals=totals, adjustments=adjustments, currency=currency)
    return CalculatedTotals(adjustments=adjustments, totals=totals, issues=issues)


def invoice_warnings(*, invoice: Invoice) -> tuple[Issue, ...]:
    """Return what a person should look at before approving: no lines, clamped adjustments, a negative total."""
    issues = totals_warnings(totals=invoice.totals, adjustments=invoice.adjustments, currency=invoice.currency)
    if not invoice.lines:
        issues = (_warning("no_lines", f"No cost was found for {invoice.buyer.name} in {invoice.period}."), *issues)
    return issues


def totals_warnings(*, totals: Totals, adjustments: Sequence[Adjustment], currency: str) -> tuple[Issue, ...]:
    """Return warnings about adjustments that could not be taken in full, and about a credit balance."""
    issues = []
    base = totals.subtotal_minor - totals.discounts_minor
    for entry in adjustments:
        of_minor = totals.subtotal_minor if entry.adjustment_type is AdjustmentType.DISCOUNT else base
        meant = _calculate(entry, base_minor=of_minor, currency=currency)
        if entry.amount_minor < meant:
            taken = amount_text(entry.amount_minor, currency=currency)
            issues.append(
                _warning(
                    "discount_clamped",
                    f"The discount {entry.name!r} would be {amount_text(meant, currency=currency)} {currency}, "
                    f"more than is left of the subtotal; {taken} {currency} was taken off.",
                )
            )
        if entry.calculation_type is CalculationType.PERCENTAGE and of_minor < 0 and entry.amount > 0:
            issues.append(
                _warning(
                    "percentage_of_negative",
                    f"{entry.name!r} is {entry.amount:f} % of a negative amount and was left at zero.",
                )
            )
    if totals.total_minor < 0:
        balance = amount_text(totals.total_minor, currency=currency)
        issues.append(_warning("negative_total", f"The total is {balance} {currency}: a credit balance."))
    return tuple(issues)


def _of_type(items: Sequence[AdjustmentItem], kind: AdjustmentType) -> list[int]:
    return [index for index, item in enumerate(items) if item.adjustment_type is kind]


def _calculate(item: AdjustmentItem | Adjustment, *, base_minor: int, currency: str) -> int:
    if item.calculation_type is CalculationType.FIXED:
        return to_minor(item.amount, currency=currency)
    share = Decimal(max(base_minor, 0)) * item.amount * _HUNDREDTH
    return int(round_half_away(share, places=0))


def _adjustment(item: AdjustmentItem, amount_minor: int) -> Adjustment:
    return Adjustment(
        name=item.name,
        adjustment_type=item.adjustment_type,
        calculation_type=item.calculation_type,
        amount=item.amount,
        amount_minor=amount_minor,
    )


def _warning(code: str, message: str) -> Issue:
    return Issue(code, message, severity=Severity.WARNING)
