"""Amounts of money: exact decimals beside an ISO 4217 currency, and integer minor units."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from billow.terms.currencies import MINOR_UNITS
from billow.terms.rounding import round_half_away


class UnknownCurrency(ValueError):
    """The code is not an active ISO 4217 currency with a minor unit."""


@dataclass(frozen=True, slots=True)
class Currency:
    """An ISO 4217 currency: ``code`` and the number of decimals of its minor unit."""

    code: str
    minor_unit_places: int


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount in a currency."""

    amount: Decimal
    currency: str


def currency_of(code: str) -> Currency:
    """Return the currency of an ISO 4217 code in upper case; raise UnknownCurrency otherwise."""
    try:
        return Currency(code=code, minor_unit_places=MINOR_UNITS[code])
    except KeyError as missing:
        raise UnknownCurrency(f"{code!r} is not an ISO 4217 currency code") from missing


def to_minor(amount: Decimal, *, currency: str) -> int:
    """Round an exact amount to whole minor units, halves away from zero."""
    places = currency_of(currency).minor_unit_places
    return int(round_half_away(amount, places=places).scaleb(places))


def from_minor(minor: int, *, currency: str) -> Decimal:
    """Return minor units as an amount with exactly the currency's decimals."""
    return Decimal(minor).scaleb(-currency_of(currency).minor_unit_places)


def amount_text(minor: int, *, currency: str) -> str:
    """Write minor units as plain decimal text, such as ``1234.56`` or ``-0.05`` or ``1235`` (JPY)."""
    return f"{from_minor(minor, currency=currency):f}"


def share_out(total_minor: int, *, weights: Sequence[Decimal]) -> tuple[int, ...]:
    """Split whole minor units over exact parts so that the shares add up to the total.

    ``weights`` are the exact parts in minor units (any sign) in a stable order; the total must
    be their sum, rounded. Each part is cut towards zero and the units left over go one each
    to the parts that lost most, ties to the earlier part, so no share differs from its part by
    a whole unit, and negating every input negates every share (the ``exact_total`` rule).
    """
    shares = [int(weight) for weight in weights]
    left_over = total_minor - sum(shares)
    if left_over == 0:
        return tuple(shares)
    step = 1 if left_over > 0 else -1
    lost = [weight % 1 for weight in weights]
    candidates = [index for index, part in enumerate(lost) if part * step > 0]
    candidates.sort(key=lost.__getitem__, reverse=step > 0)
    if abs(left_over) > len(candidates):
        raise ValueError(f"{total_minor} minor units are not the rounded sum of the parts")
    for index in candidates[: abs(left_over)]:
        shares[index] += step
    return tuple(shares)
