"""Amounts of money as a person reads them: grouped, with exactly the currency's decimals."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from billow.terms.money import from_minor, to_minor

MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """An amount to print; ``exact`` keeps every digit it was computed with."""

    text: str
    currency: str
    exact: str
    is_negative: bool = False
    is_zero: bool = False


def amount(value: Decimal | None, *, currency: str) -> Amount | None:
    """Return the amount rounded to the currency's minor unit, or None for None."""
    if value is None:
        return None
    minor = to_minor(value, currency=currency)
    return Amount(
        text=grouped(from_minor(minor, currency=currency)),
        currency=currency,
        exact=exact_text(value),
        is_negative=minor < 0,
        is_zero=minor == 0,
    )


def amount_of_minor(minor: int, *, currency: str) -> Amount:
    """Return an amount of whole minor units."""
    value = from_minor(minor, currency=currency)
    return Amount(
        text=grouped(value), currency=currency, exact=exact_text(value), is_negative=minor < 0, is_zero=minor == 0
    )


def grouped(value: Decimal) -> str:
    """Write a decimal with thousands grouped and a real minus sign."""
    return f"{value:,f}".replace("-", MINUS)


def signed(value: Decimal) -> str:
    """Write a decimal as a change: always with its sign, unless it is zero."""
    return f"+{grouped(value)}" if value > 0 else grouped(value)


def exact_text(value: Decimal) -> str:
    """Write a decimal with all its digits and no trailing zeros, but at least two decimals."""
    text = f"{value:,f}"
    whole, _, decimals = text.partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}".replace("-", MINUS)


def percent(part: Decimal, *, of: Decimal) -> str:
    """Write a part as a percentage with one decimal; empty when there is nothing to compare with."""
    if of == 0:
        return ""
    return f"{grouped((part * 100 / of).quantize(Decimal('0.1')))}{NARROW_SPACE}%"


NARROW_SPACE = "\N{NARROW NO-BREAK SPACE}"


def sum_by_currency(amounts: Iterable[tuple[str, Decimal | None]]) -> dict[str, Decimal]:
    """Add up amounts per currency, by currency code; None counts as nothing."""
    sums: dict[str, Decimal] = {}
    for currency, value in amounts:
        sums[currency] = sums.get(currency, Decimal(0)) + (value or Decimal(0))
    return dict(sorted(sums.items()))
