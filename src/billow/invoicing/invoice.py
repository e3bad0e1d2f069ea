"""The invoice as a value: every document, page and check reads this and nothing else.

Names follow EN 16931 where it has one (docs/glossary.md); amounts that are printed are
integer minor units of ``currency``, exact amounts are decimals.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from billow.terms.focus import CostBasis
from billow.terms.period import BillingPeriod
from billow.terms.rounding import RoundingRule


class AdjustmentType(StrEnum):
    """What an adjustment item does to the total."""

    CHARGE = "charge"
    CREDIT = "credit"
    DISCOUNT = "discount"


class CalculationType(StrEnum):
    """How an adjustment item's amount is meant."""

    FIXED = "fixed"
    PERCENTAGE = "percentage"


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomField:
    """A free name and value printed below an address, such as a tax id or a purchase order."""

    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Seller (BG-4) or buyer (BG-7) as printed."""

    token: str
    name: str
    country_code: str = ""
    address_line_1: str = ""
    address_line_2: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    billing_email: tuple[str, ...] = ()
    custom_fields: tuple[CustomField, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BankAccount:
    """Where to pay; only filled fields are printed."""

    bank_name: str = ""
    beneficiary_name: str = ""
    tax_id: str = ""
    account_number: str = ""
    routing_number: str = ""
    iban: str = ""
    swift_bic: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustmentItem:
    """A tax, fee, credit or discount of the billing profile, before it is calculated."""

    name: str
    adjustment_type: AdjustmentType
    calculation_type: CalculationType
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """An adjustment item calculated for one invoice; ``amount_minor`` is never negative."""

    name: str
    adjustment_type: AdjustmentType
    calculation_type: CalculationType
    amount: Decimal
    amount_minor: int

    @property
    def signed_minor(self) -> int:
        """What it adds to the total: discounts and credits take away."""
        return self.amount_minor if self.adjustment_type is AdjustmentType.CHARGE else -self.amount_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeRate:
    """Units of ``currency`` for one unit of ``base_currency``, and the day it is from."""

    base_currency: str
    currency: str
    rate: Decimal
    effective_date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class LineDelta:
    """What one rule changed on a line, in the line's source currency, exact."""

    rule_token: str
    title: str
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceLine:
    """One line: exact amounts kept beside the rounded one.

    ``provider_cost`` and ``rated_cost`` are in ``source_currency``; ``exact_amount`` is
    ``rated_cost`` converted to the invoice's currency; ``amount_minor`` is what is charged.
    """

    line_number: int
    provider: str
    billing_account_id: str
    sub_account_id: str
    sub_account_name: str
    service: str
    service_category: str
    service_subcategory: str
    charge_category: str
    region: str
    description: str
    source_currency: str
    provider_cost: Decimal
    rated_cost: Decimal
    deltas: tuple[LineDelta, ...]
    exact_amount: Decimal
    amount_minor: int
    usage_amount: Decimal | None = None
    usage_unit: str = ""
    inserted_by: str = ""

    @property
    def title(self) -> str:
        """What the line is called on screens: what the bill says of it, else its kind."""
        return self.description or self.service_subcategory or self.charge_category

    @property
    def account(self) -> str:
        """The account at the provider, by name where it has one."""
        return self.sub_account_name or self.sub_account_id

    @property
    def kind(self) -> str:
        """The charge category where it tells more than the title; usage is usual."""
        return "" if self.charge_category in {"Usage", self.title} else self.charge_category


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Sums in minor units: ``subtotal - discounts + charges - credits == total``."""

    subtotal_minor: int
    discounts_minor: int
    charges_minor: int
    credits_minor: int
    total_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """A whole invoice of one managed account and month, draft (no issue date) or issued."""

    number: str
    token: str
    period: BillingPeriod
    currency: str
    seller: Party
    buyer: Party
    bank: BankAccount
    payment_terms_days: int
    lines: tuple[InvoiceLine, ...]
    adjustments: tuple[Adjustment, ...]
    totals: Totals
    exchange_rates: tuple[ExchangeRate, ...]
    cost_basis: CostBasis
    rounding_rule: RoundingRule
    locale: str = "en"
    issue_date: date | None = None
    due_date: date | None = None

    @property
    def is_draft(self) -> bool:
        """Tell whether the invoice has not been issued."""
        return self.issue_date is None
