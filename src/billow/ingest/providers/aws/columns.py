"""Columns of AWS Cost and Usage Reports: one name for each, however a report spells it."""

import re
from collections.abc import Sequence

from billow.coststore.delivery import DeliveredColumn
from billow.ingest.providers.columns import missing_column, repeated_columns
from billow.terms.cur import COST_CATEGORIES, DISCOUNT, KIND_BY_NAME, RESOURCE_TAGS
from billow.terms.issue import Issue

BILLING_PERIOD_START = "bill/BillingPeriodStartDate"
LINE_KEY = ("identity/LineItemId", "identity/TimeInterval")
PRODUCT = "product"
MAPS = (PRODUCT, RESOURCE_TAGS, COST_CATEGORIES, DISCOUNT)
"""Groups that CUR 2.0 delivers as one map each, where the legacy report has a column for each key."""
LISTS = (RESOURCE_TAGS, COST_CATEGORIES, DISCOUNT)
"""Groups whose keys differ from customer to customer; the store keeps each as one JSON text."""

REQUIRED = (
    BILLING_PERIOD_START,
    "bill/BillingPeriodEndDate",
    "bill/PayerAccountId",
    "lineItem/CurrencyCode",
    "lineItem/LineItemType",
    "lineItem/ProductCode",
    "lineItem/UnblendedCost",
    "lineItem/UsageAccountId",
    "lineItem/UsageEndDate",
    "lineItem/UsageStartDate",
)
_RECOGNISED_BY = 3
_ONLY_IN_VERSION_2 = {"product", "resource_tags", "cost_category", "discount", "bill_payer_account_name"}


def _folded(name: str) -> str:
    """Leave only what all spellings share: ``lineItem/TaxType`` and ``line_item_tax_type`` are one column."""
    return re.sub(r"[^a-z0-9]", "", name.casefold())


_NAME_BY_FOLDED = {_folded(name): name for name in (*KIND_BY_NAME, *MAPS)}


def report_name(name: str) -> str | None:
    """Return the legacy report's name of a column that is of use, else None."""
    return _NAME_BY_FOLDED.get(_folded(name))


def snake_name(name: str) -> str:
    """Return the name as Parquet reports spell it: ``line_item_unblended_cost``."""
    parts = (re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", part) for part in name.split("/"))
    return "_".join(parts).lower()


def key_in(name: str, *, group: str) -> str | None:
    """Return the key of a column that holds one tag, cost category or discount, or None for other columns."""
    for prefix in (f"{group}/", f"{snake_name(group)}_"):
        if name.startswith(prefix) and len(name) > len(prefix):
            return name[len(prefix) :]
    return None


def looks_like_report(names: Sequence[str]) -> bool:
    """Tell whether enough of the columns that each report has are there."""
    return len({report_name(name) for name in names} & set(REQUIRED)) >= _RECOGNISED_BY


def looks_like_version_2(names: Sequence[str]) -> bool:
    """Tell a data export of CUR 2.0 from a legacy report."""
    return looks_like_report(names) and any(name.strip().casefold() in _ONLY_IN_VERSION_2 for name in names)


def plan(*, names: Sequence[str], path: str) -> tuple[tuple[DeliveredColumn, ...], tuple[Issue, ...]]:
    """Choose the columns that are of use, under the report's own names; name missing and repeated ones."""
    columns = tuple(
        DeliveredColumn(delivered=name, stored=stored) for name in names if (stored := _stored_name(name)) is not None
    )
    there = {column.stored for column in columns}
    spelled = str if any("/" in name for name in names) else snake_name
    missing = tuple(
        missing_column(name=spelled(name), path=path, why="which a charge cannot do without")
        for name in REQUIRED
        if name not in there
    )
    return columns, (*missing, *repeated_columns(columns=columns, path=path))


def _stored_name(name: str) -> str | None:
    known = report_name(name)
    if known is not None:
        return known
    return name if any(key_in(name, group=group) for group in LISTS) else None
