"""Columns of the CSV that people write for a source of costs that has no bill of its own."""

from collections.abc import Sequence

from billow.coststore.delivery import DeliveredColumn
from billow.ingest.providers.columns import missing_column, repeated_columns
from billow.ingest.providers.focus.columns import stored_name
from billow.terms.focus import COLUMN_BY_NAME
from billow.terms.issue import Issue

REQUIRED = ("ChargePeriodStart", "ChargeCategory", "BilledCost", "ServiceName")
MADE_HERE = frozenset(
    {"BillingPeriodStart", "BillingPeriodEnd", "EffectiveCost", "ListCost", "ContractedCost", "ServiceSubcategory"}
)
"""What the CSV does not say but each charge needs; a column of that name is passed over."""
_ONLY_IN_BILLS = {"BillingAccountId", "BillingPeriodStart", "BillingPeriodEnd", "ProviderName"}


def looks_custom(names: Sequence[str]) -> bool:
    """Tell a hand-made file from a FOCUS bill, which names its period, account and provider."""
    there = {stored_name(name) for name in names}
    return there >= set(REQUIRED) and not there & _ONLY_IN_BILLS


def plan(*, names: Sequence[str], path: str) -> tuple[tuple[DeliveredColumn, ...], tuple[Issue, ...]]:
    """Choose the columns that FOCUS knows, in any case; name missing and repeated ones."""
    columns = tuple(
        DeliveredColumn(delivered=name, stored=stored)
        for name in names
        if (stored := stored_name(name)) in COLUMN_BY_NAME and stored not in MADE_HERE
    )
    there = {column.stored for column in columns}
    missing = tuple(
        missing_column(name=name, path=path, why="which every cost needs") for name in REQUIRED if name not in there
    )
    return columns, (*missing, *repeated_columns(columns=columns, path=path))
