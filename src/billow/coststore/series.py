"""A question about costs over time, as a value: which charges, in which bins of time, grouped by what.

Beside ``CostQuery``, which rating asks about one month: this one spans months, splits by day, and may look at
anything a charge says. The store answers it in ``run_series.py``.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from billow.coststore.condition import Condition, CostField
from billow.coststore.partition import Partition
from billow.coststore.query import ChargeScope

MOST_GROUPS = 200_000


class DateBin(StrEnum):
    """How long the bins of a series are; weeks begin on Monday."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"


class Kind(StrEnum):
    """Kinds of charges that a report may leave out."""

    CREDIT = "credit"
    REFUND = "refund"
    DISCOUNT = "discount"
    TAX = "tax"


@dataclass(frozen=True, slots=True)
class GroupBy:
    """A field, or with ``tag`` the value of that tag."""

    field: CostField | None
    tag: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderPartition:
    """A partition and the key of its provider, such as ``aws`` or ``custom_provider``."""

    partition: Partition
    provider: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesQuery:
    """Sum the costs of the days from ``first_day`` to ``last_day`` (both in) by bin and group.

    A charge lies on the day it begins, and if that is in another month than it was billed in, on the billing
    period's first or last day, whichever is nearer: so that a month's report is the month's bill. With ``amortized``
    the cost is the effective cost, where there is one. ``only`` limits the charges to the scopes; None means all.
    """

    first_day: date
    last_day: date
    date_bin: DateBin
    group_by: tuple[GroupBy, ...] = ()
    where: Condition | None = None
    without: frozenset[Kind] = frozenset()
    amortized: bool = False
    only: tuple[ChargeScope, ...] | None = None


class TooManyGroups(Exception):
    """The answer would have more groups than anybody reads."""


SERIES_COLUMNS = ("bin", "currency", "usage_unit", "cost", "usage_amount", "charges")
"""What a series' answer has beside one column for each group, named ``group_0`` and so on."""
