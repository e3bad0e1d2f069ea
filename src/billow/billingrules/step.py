"""What every rule is turned into before it runs: plain steps over groups of charges.

A step says which columns it looks at, so the planner can group the charges by just those before any rule
runs, and so the same step can be evaluated on a group in Python or written into a query.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

Facts = Mapping[str, str | None]
"""What is known of a group, by FOCUS column name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """True if any of the columns has the value; a missing column is never equal to anything."""

    __test__ = False

    columns: tuple[str, ...]
    value: str
    fold_case: bool = False

    def holds(self, facts: Facts) -> bool:
        """Tell whether the group passes."""
        if not self.fold_case:
            for column in self.columns:  # noqa: SIM110 - a generator would cost more than the comparison
                if facts.get(column) == self.value:
                    return True
            return False
        wanted = self.value.casefold()
        found = (facts.get(column) for column in self.columns)
        return any(value is not None and value.casefold() == wanted for value in found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Multiply:
    """Multiply the cost of every group that passes all tests on a day of the range (both ends inclusive)."""

    rule_token: str
    factor: Decimal
    where: tuple[Test, ...] = ()
    start_date: date | None = None
    end_date: date | None = None

    @property
    def columns(self) -> frozenset[str]:
        """The columns whose values decide."""
        return frozenset(column for test in self.where for column in test.columns)

    @property
    def condition(self) -> tuple[tuple[Test, ...], date | None, date | None]:
        """All that decides whether the step changes a group."""
        return self.where, self.start_date, self.end_date

    def applies(self, *, facts: Facts, day: date) -> bool:
        """Tell whether the step changes a group of that day."""
        if self.start_date is not None and day < self.start_date:
            return False
        if self.end_date is not None and day > self.end_date:
            return False
        for test in self.where:  # noqa: SIM110 - runs for every rule on every distinct group
            if not test.holds(facts):
                return False
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Insert:
    """Add one group of ``amount`` (signed, in the managed account's currency) on a day of the month."""

    rule_token: str
    title: str
    service: str
    category: str
    sub_category: str
    charge_category: str
    amount: Decimal
    day: date

    @property
    def facts(self) -> Facts:
        """What later steps see of the new group."""
        return {
            "ServiceName": self.service,
            "ServiceCategory": self.category,
            "ServiceSubcategory": self.sub_category,
            "ChargeCategory": self.charge_category,
        }
