"""The named rounding rules of an invoice."""

from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from enum import StrEnum

STORE_SCALE = 18
"""Decimal places of every cost in the store (DECIMAL(38,18))."""

STORE_QUANTUM = Decimal(1).scaleb(-STORE_SCALE)
"""The least amount the store tells apart."""


class RoundingRule(StrEnum):
    """How exact line amounts become whole minor units.

    ``exact_total``: the exact total is rounded once and the lines share it by largest
    remainder. ``per_line``: each line is rounded and the subtotal is their sum.
    """

    EXACT_TOTAL = "exact_total"
    PER_LINE = "per_line"


def round_half_away(amount: Decimal, *, places: int) -> Decimal:
    """Round to the decimal places, halves away from zero (commercial rounding)."""
    return amount.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def to_store_scale(amount: Decimal) -> Decimal:
    """Round a computed cost to the store's 18 decimals, halves away from zero."""
    return amount.quantize(STORE_QUANTUM, rounding=ROUND_HALF_UP)


def to_store_scale_on_import(amount: Decimal) -> Decimal:
    """Round a delivered cost to the store's 18 decimals, halves to even."""
    return amount.quantize(STORE_QUANTUM, rounding=ROUND_HALF_EVEN)
