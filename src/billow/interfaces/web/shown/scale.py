"""Round distances between the lines of a chart, and amounts in few letters."""

from decimal import Decimal

from billow.interfaces.web.shown.amounts import MINUS, grouped

_TICKS = 4
_STEPS = (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5), Decimal(10))


def round_step(largest: Decimal) -> Decimal:
    """Return a round distance between the lines, so that about four are enough."""
    if largest <= 0:
        return Decimal(1)
    rough = largest / _TICKS
    unit = Decimal(10) ** rough.adjusted()
    return next(step * unit for step in _STEPS if step * unit >= rough)


def short_amount(value: Decimal) -> str:
    """Write a round amount in few letters, such as 20k."""
    if value < 0:
        return MINUS + short_amount(-value)
    for size, letter in ((Decimal(1_000_000_000), "bn"), (Decimal(1_000_000), "M"), (Decimal(1_000), "k")):
        if value >= size:
            return f"{(value / size).normalize():f}{letter}"
    return grouped(value.normalize() if value else Decimal(0))
