"""The closed set of billing rules, as frozen values.

Source: the vendor's billing rule types (exclusion, adjustment with its sub-types, charge, credit, custom).
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum


class Recurrence(StrEnum):
    """How often a charge or credit rule books its amount."""

    ONE_TIME = "one_time"
    MONTHLY = "monthly"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExclusionRule:
    """Drop every charge of a charge type (matched without regard to case)."""

    token: str
    title: str
    charge_type: str
    start_date: date | None = None
    end_date: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustmentRule:
    """Show a percentage of the cost: 75 leaves three quarters, 110 is a 10 % markup.

    ``service`` and ``category`` limit it to FOCUS ServiceName and ServiceCategory; None means any.
    """

    token: str
    title: str
    percentage: Decimal
    service: str | None = None
    category: str | None = None
    start_date: date | None = None
    end_date: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeRule:
    """Add a positive line of ``amount`` in the managed account's currency."""

    token: str
    title: str
    service: str
    category: str
    sub_category: str
    amount: Decimal
    start_date: date
    end_date: date | None = None
    recurrence: Recurrence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditRule:
    """Add a negative line of ``amount`` (entered positive) in the managed account's currency."""

    token: str
    title: str
    service: str
    category: str
    sub_category: str
    amount: Decimal
    start_date: date
    end_date: date | None = None
    recurrence: Recurrence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomRule:
    """Do what one SQL statement says (docs/rules.md); the text is kept as written."""

    token: str
    title: str
    sql_query: str
    start_date: date | None = None
    end_date: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicPriceRule:
    """Charge AWS's public on-demand price instead of what was negotiated."""

    token: str
    title: str
    start_date: date | None = None
    end_date: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveCommitmentDiscountsRule:
    """Charge the list price where a Savings Plan or reservation of another account covered the usage."""

    token: str
    title: str
    start_date: date | None = None
    end_date: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RetierRule:
    """Charge tiered services as if the customer were alone, instead of by the pooled volume of all customers.

    ``include_free_tier`` tells whether the customer is given the free usage that the price list grants an account.
    """

    token: str
    title: str
    include_free_tier: bool = True
    start_date: date | None = None
    end_date: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeTier:
    """A percentage of the part of the spend up to ``up_to`` (None: of all the rest)."""

    percentage: Decimal
    up_to: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportFeeRule:
    """Add a fee that is a percentage of the month's spend, by tiers, and at least ``minimum``.

    The spend is what the customer is charged for usage of ``provider`` (None: of all) before credits, discounts
    and taxes, without the marketplace and without support itself. ``per_account`` charges each of the customer's
    provider accounts its own fee. In the first or last month the minimum counts by days.
    """

    token: str
    title: str
    service: str
    category: str
    sub_category: str
    tiers: tuple[FeeTier, ...]
    minimum: Decimal = Decimal(0)
    per_account: bool = False
    provider: str | None = "aws"
    start_date: date | None = None
    end_date: date | None = None


BillingRule = (
    ExclusionRule
    | AdjustmentRule
    | ChargeRule
    | CreditRule
    | CustomRule
    | PublicPriceRule
    | RemoveCommitmentDiscountsRule
    | RetierRule
    | SupportFeeRule
)
