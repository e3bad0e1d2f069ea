"""FOCUS columns as the cost store keeps them, and the closed vocabularies Billow relies on.

Source: FinOps Open Cost and Usage Specification 1.0, 1.1 and 1.2. Names are FOCUS's.
"""

from dataclasses import dataclass
from enum import StrEnum


class ChargeCategory(StrEnum):
    """FOCUS ChargeCategory: what kind of charge a row is."""

    USAGE = "Usage"
    PURCHASE = "Purchase"
    TAX = "Tax"
    CREDIT = "Credit"
    ADJUSTMENT = "Adjustment"


class CostBasis(StrEnum):
    """Which FOCUS cost metric an invoice starts from."""

    BILLED_COST = "billed_cost"
    EFFECTIVE_COST = "effective_cost"
    LIST_COST = "list_cost"
    CONTRACTED_COST = "contracted_cost"

    @property
    def column(self) -> str:
        """The FOCUS column, such as ``BilledCost``."""
        return "".join(word.capitalize() for word in self.value.split("_"))


class ColumnKind(StrEnum):
    """How a stored column is typed."""

    TEXT = "text"
    COST = "cost"
    QUANTITY = "quantity"
    TIME = "time"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class FocusColumn:
    """One column: ``required`` must be delivered, ``nullable`` may be empty in a row."""

    name: str
    kind: ColumnKind = ColumnKind.TEXT
    required: bool = False
    nullable: bool = True


def _columns(kind: ColumnKind, names: str) -> tuple[FocusColumn, ...]:
    return tuple(FocusColumn(name, kind) for name in names.split())


def _needed(kind: ColumnKind, names: str) -> tuple[FocusColumn, ...]:
    return tuple(FocusColumn(name, kind, required=True, nullable=False) for name in names.split())


FOCUS_COLUMNS: tuple[FocusColumn, ...] = (
    *_needed(ColumnKind.COST, "BilledCost"),
    *_needed(ColumnKind.TEXT, "BillingAccountId BillingCurrency ChargeCategory ProviderName ServiceName"),
    *_needed(ColumnKind.TIME, "BillingPeriodStart BillingPeriodEnd ChargePeriodStart ChargePeriodEnd"),
    *_columns(ColumnKind.COST, "EffectiveCost ListCost ContractedCost"),
    *_columns(ColumnKind.COST, "ListUnitPrice ContractedUnitPrice"),
    *_columns(ColumnKind.QUANTITY, "ConsumedQuantity PricingQuantity CommitmentDiscountQuantity"),
    *_columns(
        ColumnKind.TEXT,
        "AvailabilityZone BillingAccountName BillingAccountType CapacityReservationId CapacityReservationStatus "
        "ChargeClass ChargeDescription ChargeFrequency CommitmentDiscountCategory CommitmentDiscountId "
        "CommitmentDiscountName CommitmentDiscountStatus CommitmentDiscountType CommitmentDiscountUnit "
        "ConsumedUnit InvoiceId InvoiceIssuerName PricingCategory PricingCurrency PricingUnit PublisherName "
        "RegionId RegionName ResourceId ResourceName ResourceType ServiceCategory ServiceSubcategory "
        "SkuId SkuMeter SkuPriceId SubAccountId SubAccountName SubAccountType",
    ),
    *_columns(
        ColumnKind.COST,
        "PricingCurrencyContractedUnitPrice PricingCurrencyEffectiveCost PricingCurrencyListUnitPrice",
    ),
    *_columns(ColumnKind.JSON, "SkuPriceDetails Tags"),
)

COLUMN_BY_NAME: dict[str, FocusColumn] = {column.name: column for column in FOCUS_COLUMNS}
REQUIRED_COLUMNS: tuple[str, ...] = tuple(column.name for column in FOCUS_COLUMNS if column.required)
COST_METRICS: tuple[str, ...] = ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost")
