"""What is left of rules once a row's texts are known: operations on amounts, and lines to add.

Operations are done on the added-up amounts of all charges that are treated alike. Two of them are the same only if
they are one object: whoever makes them makes equal ones once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from billow.billingrules.conversion import Conversion
from billow.billingrules.datasets import AMOUNT
from billow.billingrules.linear import Linear, stored
from billow.terms.rounding import STORE_QUANTUM

_FITS_SURELY = Decimal(10) ** 18


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """What a statement does to the amounts of charges that are treated alike.

    ``factor`` is all there is to it where the cost is just multiplied. ``conversion`` makes an AWS line's cost anew
    from its amounts. ``visible`` tells that a text that people see or that later rules look at became another.
    """

    factor: Decimal | None = None
    numbers: tuple[tuple[str, Linear], ...] = ()
    conversion: Conversion | None = None
    visible: bool = False

    def apply(self, amounts: dict[str, Decimal]) -> Decimal:
        """Change the amounts and return the cost after it; raise RuleFailed if something does not fit."""
        if self.factor is not None:
            product = amounts[AMOUNT] * self.factor
            if -_FITS_SURELY < product < _FITS_SURELY:
                cost = product.quantize(STORE_QUANTUM, ROUND_HALF_UP) or _ZERO
            else:
                cost = stored(product)
            amounts[AMOUNT] = cost
            return cost
        if self.numbers:
            amounts.update([(name, value.of(amounts)) for name, value in self.numbers])
        if self.conversion is not None:
            amounts[AMOUNT] = self.conversion.of(amounts)
        return amounts[AMOUNT]


_ZERO = Decimal(0)

Step = tuple[str, Operation]
"""A rule's token, and what it does."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Effect:
    """What a statement makes of a row: new texts, and new numbers as combinations of amounts.

    ``operation`` is there where it depends on nothing but the statement.
    """

    texts: tuple[tuple[str, str | None], ...] = ()
    numbers: tuple[tuple[str, Linear], ...] = ()
    operation: Operation | None = None
    deletes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Insert:
    """Add one charge of ``amount`` (signed, in ``currency``; None: the managed account's) on a day of the month.

    ``row`` holds the columns of ``costs`` as later rules see them. ``description`` is what the customer reads beside
    the service: the title of a charge or credit. The title of a rule in SQL is the provider's own business.
    """

    rule_token: str
    row: Mapping[str, str | None] = field(hash=False)
    amount: Decimal
    day: date
    currency: str | None = None
    usage_amount: Decimal | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class NegationMark:
    """Ties covered lines that were retyped, and the negations of the same usage, together.

    ``place`` is plan, account and usage type. ``retyped_by`` is the rule, None on a negation.
    """

    place: tuple[str, str, str]
    retyped_by: str | None


@dataclass(frozen=True, slots=True)
class Treatment:
    """All that the rules of one customer do to charges that they treat alike.

    ``phases`` are steps by phase of the program; ``shown`` what an invoice line shows otherwise than the
    provider's bill, by place in the line's key; ``sums`` for each insert from sums the amounts it adds up, None
    where it does not choose the charge; ``tiers`` by re-tiering rule the price that counts, if any. ``growth`` says
    how many times as large the cost may become on the way where it is just multiplied, None where more is done.
    """

    phases: tuple[tuple[Step, ...], ...] = ()
    shown: tuple[tuple[int, str | None], ...] = ()
    sums: tuple[tuple[Linear, ...] | None, ...] = ()
    tiers: tuple[int | None, ...] = ()
    negation: NegationMark | None = None
    is_deleted: bool = False
    growth: Decimal | None = None


def holds_on(day: date, *, start_date: date | None, end_date: date | None) -> bool:
    """Tell whether the day lies in the range, both ends inclusive; None means open."""
    return (start_date is None or start_date <= day) and (end_date is None or day <= end_date)
