"""How many delivered values were finer than the store's decimals, and what rounding changed."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal


@dataclass(slots=True)
class Rounding:
    """Rows with a rounded value, rounded values, and the sum of stored minus delivered over all of them."""

    rows: int = 0
    values: int = 0
    difference: Decimal = Decimal(0)


@dataclass(slots=True)
class RoundingByPeriod:
    """The rounding of each billing period, by its start."""

    periods: dict[datetime, Rounding] = field(default_factory=dict)

    def add(self, period_start: datetime | None, *, differences: list[Decimal]) -> None:
        """Count one row's rounded values."""
        if period_start is not None:
            rounding = self.periods.setdefault(period_start, Rounding())
            rounding.rows += 1
            rounding.values += len(differences)
            rounding.difference += sum(differences, Decimal(0))

    def of(self, period_start: datetime) -> Rounding:
        """Return the rounding of one period."""
        return self.periods.get(period_start, Rounding())
