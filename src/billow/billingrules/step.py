"""What rules are made into before they run: transforms of a row, and lines to add.

A transform is walked through once for every distinct row. That leaves operations: what is then done to the
added-up amounts of all charges that were treated alike.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from billow.billingrules.conversion import Conversion
from billow.billingrules.datasets import AMOUNT
from billow.billingrules.evaluate import Holds, ReadsLinear, ReadsText
from billow.billingrules.facts import Row
from billow.billingrules.linear import Linear, stored
from billow.terms.rounding import STORE_QUANTUM

_FITS_SURELY = Decimal(10) ** 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Transform:
    """Change or take away the charges whose row passes ``where``, on days of the range (both ends inclusive).

    ``on_aws`` limits it to lines of AWS's reports. ``texts`` and ``numbers`` are new values by column name.
    """

    rule_token: str
    on_aws: bool = False
    where: Holds | None = None
    texts: tuple[tuple[str, ReadsText], ...] = ()
    numbers: tuple[tuple[str, ReadsLinear], ...] = ()
    deletes: bool = False
    weight: int = 1
    start_date: date | None = None
    end_date: date | None = None

    def holds_on(self, day: date) -> bool:
        """Tell whether the rule holds on the day."""
        return holds_on(day, start_date=self.start_date, end_date=self.end_date)


@dataclass(frozen=True, slots=True)
class Operation:
    """What one rule does to the amounts of charges that are treated alike.

    ``factor`` is all there is to it where the cost is just multiplied. ``conversion`` makes an AWS line's cost anew
    from its amounts. ``visible`` tells that a text that people see or that later rules look at became another.
    """

    rule_token: str
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Insert:
    """Add one charge of ``amount`` (signed, in ``currency``; None: the managed account's) on a day of the month.

    ``row`` holds the columns of ``costs`` as later rules see them.
    """

    rule_token: str
    title: str
    row: Mapping[str, str | None] = field(hash=False)
    amount: Decimal
    day: date
    currency: str | None = None
    usage_amount: Decimal | None = None


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

    ``phases`` are operations by phase of the program; ``shown`` what an invoice line shows otherwise than the
    provider's bill, by place in the line's key; ``sums`` for each insert from sums the amounts it adds up, None
    where it does not choose the charge; ``tiers`` by re-tiering rule the price that counts, if any.
    """

    phases: tuple[tuple[Operation, ...], ...] = ()
    shown: tuple[tuple[int, str | None], ...] = ()
    sums: tuple[tuple[Linear, ...] | None, ...] = ()
    tiers: tuple[int | None, ...] = ()
    negation: NegationMark | None = None
    is_deleted: bool = False


def holds_on(day: date, *, start_date: date | None, end_date: date | None) -> bool:
    """Tell whether the day lies in the range, both ends inclusive; None means open."""
    return (start_date is None or start_date <= day) and (end_date is None or day <= end_date)


def new_row(values: Mapping[str, str | None]) -> Row:
    """Return a row that may be changed."""
    return dict(values)
