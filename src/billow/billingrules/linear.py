"""Sums of amounts times fixed factors: what an expression is once everything but the amounts is known.

Such a combination gives the same when charges are added up before or after, so rules can run on sums.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from billow.billingrules.failed import RuleFailed
from billow.terms.rounding import STORE_QUANTUM

COUNT = "#"
"""Stands for the number of charges: a number that stands alone is meant per charge."""

MOST = Decimal(10) ** 20
"""Amounts have at most 20 digits before the point."""

_ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Linear:
    """``sum(factor * amount) / divisor``; ``terms`` are sorted by name and have no zero factor."""

    terms: tuple[tuple[str, Decimal], ...]
    divisor: Decimal = _ONE

    @property
    def names(self) -> frozenset[str]:
        """The amounts it is made of."""
        return frozenset(name for name, _ in self.terms)

    def plus(self, other: "Linear", *, factor: Decimal = _ONE) -> "Linear":
        """Return this and ``factor`` times the other."""
        factors: dict[str, Decimal] = {name: value * other.divisor for name, value in self.terms}
        for name, value in other.terms:
            factors[name] = factors.get(name, Decimal(0)) + value * factor * self.divisor
        return _made(factors.items(), self.divisor * other.divisor)

    def times(self, factor: Decimal) -> "Linear":
        """Return the product with a fixed factor."""
        return _made(((name, value * factor) for name, value in self.terms), self.divisor)

    def over(self, divisor: Decimal) -> "Linear":
        """Return the quotient; raise RuleFailed if it is a division by zero."""
        if not divisor:
            raise RuleFailed("a division by zero")
        return _made(self.terms, self.divisor * divisor)

    def of(self, amounts: Mapping[str, Decimal]) -> Decimal:
        """Return the result for the amounts, rounded to 18 decimals; raise RuleFailed if it does not fit."""
        return stored(self.unrounded(amounts))

    def unrounded(self, amounts: Mapping[str, Decimal]) -> Decimal:
        """Return the result for the amounts as it is, to be added to others."""
        total = Decimal(0)
        for name, factor in self.terms:
            total += amounts[name] * factor
        return total if self.divisor == 1 else total / self.divisor

    def factor_of(self, name: str) -> Decimal | None:
        """Return k if this is just k times the named amount, else None."""
        if self.divisor != 1:
            return None
        if not self.terms:
            return Decimal(0)
        return self.terms[0][1] if len(self.terms) == 1 and self.terms[0][0] == name else None


def amount_named(name: str) -> Linear:
    """Return the amount itself."""
    return Linear(((name, _ONE),))


def per_charge(number: Decimal) -> Linear:
    """Return a fixed number for every charge."""
    return Linear(((COUNT, number),)) if number else NOTHING


def stored(amount: Decimal) -> Decimal:
    """Return the amount with 18 decimals, halves away from zero; raise RuleFailed if it does not fit."""
    if not -MOST < amount < MOST:
        raise RuleFailed("an amount with more than 20 digits before the point")
    return amount.quantize(STORE_QUANTUM, ROUND_HALF_UP) or Decimal(0)


def _made(terms: Iterable[tuple[str, Decimal]], divisor: Decimal) -> Linear:
    return Linear(tuple(sorted((name, factor) for name, factor in terms if factor)), divisor)


NOTHING = Linear(())
