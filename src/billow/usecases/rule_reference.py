"""What people may write in rules: the datasets with their columns, and the support plans there are."""

from dataclasses import dataclass

from billow.billingrules.datasets import AMOUNTS_OF_AWS as AWS_NUMBERS
from billow.billingrules.datasets import COSTS_NUMBERS, KEYED_GROUPS, NEEDED_IN_INSERT, NOT_WRITABLE, column_names
from billow.billingrules.expression import Dataset
from billow.billingrules.support_plans import SupportPlan, support_plans

__all__ = ["ColumnShown", "SupportPlan", "columns_of_rules", "support_plans"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnShown:
    """One column as it is written in SQL; one that is named by a key of the customer's own ends in ``<key>``."""

    dataset: str
    name: str
    is_number: bool
    can_be_set: bool
    is_needed_in_insert: bool


def columns_of_rules() -> tuple[ColumnShown, ...]:
    """Return every column that SQL rules may name, ``costs`` first."""
    return tuple(column for dataset in (Dataset.COSTS, Dataset.AWS) for column in _columns(dataset))


def _columns(dataset: Dataset) -> list[ColumnShown]:
    separator = "/" if dataset is Dataset.AWS else "."
    keyed = [f"{group}{separator}<key>" for group in KEYED_GROUPS[dataset]]
    numbers = AWS_NUMBERS if dataset is Dataset.AWS else COSTS_NUMBERS
    return [
        ColumnShown(
            dataset=dataset.value,
            name=f"{dataset.value}.{name}",
            is_number=name in numbers,
            can_be_set=dataset is Dataset.AWS or name not in NOT_WRITABLE,
            is_needed_in_insert=dataset is Dataset.COSTS and name in NEEDED_IN_INSERT,
        )
        for name in (*column_names(dataset), *keyed)
    ]
