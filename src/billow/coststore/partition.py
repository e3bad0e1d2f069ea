"""A published piece of the cost store: the charges of one integration and billing period."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from billow.terms.period import BillingPeriod


@dataclass(frozen=True, slots=True, kw_only=True)
class CostTotals:
    """Exact sums of one currency over a partition (18 decimals)."""

    currency: str
    billed_cost: Decimal
    effective_cost: Decimal
    list_cost: Decimal
    contracted_cost: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    """Immutable Parquet files of one cost import, content-addressed.

    ``files`` are absolute paths. Every file has all FOCUS_COLUMNS under FOCUS's names (null where
    not delivered) and any extra delivered columns. Cost columns are decimals of the
    narrowest width that holds the file's values exactly; read them as DECIMAL(38,18).
    """

    integration_token: str
    billing_period: BillingPeriod
    sha256: str
    files: tuple[Path, ...]
    rows: int
    totals: tuple[CostTotals, ...]
