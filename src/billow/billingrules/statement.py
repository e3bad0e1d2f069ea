"""The statements that a rule may make of its SQL, as values."""

from collections.abc import Mapping
from dataclasses import dataclass

from billow.billingrules.expression import Column, Condition, Dataset, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """Give columns new values wherever the condition holds (None: everywhere).

    All values see the charge as it was before the statement.
    """

    dataset: Dataset
    assignments: tuple[tuple[Column, Value], ...]
    where: Condition | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete:
    """Take away the charges for which the condition holds (None: all)."""

    dataset: Dataset
    where: Condition | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InsertValues:
    """Add one charge to ``costs``; values by column name (a day is ``accrued_at``), none looks at a charge."""

    values: Mapping[str, Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class InsertSum:
    """Add one charge to ``costs`` made from sums over the charges for which the condition holds.

    Values look at charges inside ``Sum`` only.
    """

    values: Mapping[str, Value]
    where: Condition | None


Statement = Update | Delete | InsertValues | InsertSum
