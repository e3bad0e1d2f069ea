"""The closed set of billing rules, as frozen values.

Source: the vendor's billing rule types (exclusion, adjustment, charge, credit).
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


BillingRule = ExclusionRule | AdjustmentRule | ChargeRule | CreditRule
