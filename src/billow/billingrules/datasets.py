"""The columns that rules see, under the names in which people write them.

``aws`` are the raw lines of AWS's reports, before conversion; ``costs`` the converted charges of all providers.
Source: the vendor's SQL billing rules (datasets and column names).
"""

from collections.abc import Mapping

from billow.billingrules.expression import Column, Dataset, Kind
from billow.terms.cur import COST_CATEGORIES, KIND_BY_NAME, RESOURCE_TAGS
from billow.terms.focus import ColumnKind

AMOUNT = "amount"
USAGE_AMOUNT = "usage_amount"
ACCRUED_AT = "accrued_at"
TAGS = "tags"

COSTS_TEXTS = (
    ACCRUED_AT,
    "currency",
    "usage_unit",
    "provider",
    "billing_account_id",
    "account_id",
    "resource_account_id",
    "service",
    "region",
    "resource_id",
    "cost_category",
    "cost_sub_category",
    "cost_type",
)
COSTS_NUMBERS = (AMOUNT, USAGE_AMOUNT)
NOT_WRITABLE = frozenset({ACCRUED_AT, "currency", "resource_account_id"})
"""Columns of ``costs`` that an UPDATE may not change: when, in which currency, and whose a charge is stays."""

NEEDED_IN_INSERT = ("provider", "service", "cost_type", AMOUNT)

AMOUNTS_OF_AWS = frozenset(
    name for name, kind in KIND_BY_NAME.items() if kind in {ColumnKind.COST, ColumnKind.QUANTITY}
)
KEYED_GROUPS: Mapping[Dataset, tuple[str, ...]] = {
    Dataset.AWS: (RESOURCE_TAGS, COST_CATEGORIES),
    Dataset.COSTS: (TAGS,),
}
"""Groups whose columns are named by a key of the customer's own: ``aws.resourceTags/team``, ``costs.tags.team``."""

_AWS_BY_FOLDED = {name.casefold(): name for name in KIND_BY_NAME}


def find_column(dataset: Dataset, *, name: str) -> Column | None:
    """Return the column of that name (any case), or None if there is none; ``date`` is ``accrued_at``."""
    for group in KEYED_GROUPS[dataset]:
        separator = "/" if dataset is Dataset.AWS else "."
        prefix = f"{group}{separator}"
        if name.casefold().startswith(prefix.casefold()) and len(name) > len(prefix):
            return Column(dataset=dataset, name=f"{group}{separator}{name[len(prefix) :]}", kind=Kind.TEXT)
    if dataset is Dataset.AWS:
        known = _AWS_BY_FOLDED.get(name.casefold())
        if known is None:
            return None
        kind = Kind.NUMBER if known in AMOUNTS_OF_AWS else Kind.TEXT
        return Column(dataset=dataset, name=known, kind=kind)
    folded = ACCRUED_AT if name.casefold() == "date" else name.casefold()
    if folded in COSTS_NUMBERS:
        return Column(dataset=dataset, name=folded, kind=Kind.NUMBER)
    return Column(dataset=dataset, name=folded, kind=Kind.TEXT) if folded in COSTS_TEXTS else None


def column_names(dataset: Dataset) -> tuple[str, ...]:
    """Return the names of all columns but those named by a key, sorted."""
    return tuple(sorted(KIND_BY_NAME if dataset is Dataset.AWS else (*COSTS_TEXTS, *COSTS_NUMBERS)))
