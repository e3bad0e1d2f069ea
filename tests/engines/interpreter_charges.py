"""A charge as rules see it: what its columns say, what it costs as a line of AWS's report, and what its line shows."""

import json
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.engines.interpreter_values import COUNT, Form, Seen

TYPE = "lineItem/LineItemType"
UNBLENDED = "lineItem/UnblendedCost"
PUBLIC = "pricing/publicOnDemandCost"
PLAN_ARN, RESERVATION_ARN = "savingsPlan/SavingsPlanARN", "reservation/ReservationARN"
ACCOUNT, USAGE_TYPE = "lineItem/UsageAccountId", "lineItem/UsageType"

KEY = "ProviderName ServiceName ServiceCategory BillingAccountId SubAccountId RegionId ChargeCategory BillingCurrency"
PROVIDERS = {"AWS": "aws", "Microsoft": "azure", "Google Cloud": "gcp"}
NAMES = {key: name for name, key in PROVIDERS.items()}
SHOWN_AS = {
    "Usage": "Usage",
    "Fee": "Purchase",
    "Purchase": "Purchase",
    "RIFee": "Purchase",
    "SavingsPlanRecurringFee": "Purchase",
    "SavingsPlanUpfrontFee": "Purchase",
    "DiscountedUsage": "Usage",
    "SavingsPlanCoveredUsage": "Usage",
    "SavingsPlanNegation": "Usage",
    "Tax": "Tax",
    "Credit": "Credit",
}
"""Which kind of charge a line shows once a rule has set its charge type."""

FED_BY = {
    "service": ("ServiceName", "product/ProductName", "product/servicename", "lineItem/ProductCode"),
    "region": ("RegionId", "product/regionCode", "product/region"),
    "resource_id": ("ResourceId", "lineItem/ResourceId"),
    "account_id": ("SubAccountId", ACCOUNT),
    "billing_account_id": ("BillingAccountId", "bill/PayerAccountId"),
    "usage_unit": ("ConsumedUnit", "pricing/unit"),
    "resource_account_id": ("SubAccountId",),
    "currency": ("BillingCurrency",),
    "cost_sub_category": ("ServiceSubcategory", USAGE_TYPE),
    "cost_type": (TYPE, "x_ChargeType", "x_CostType", "ChargeCategory"),
}
"""What the columns of ``costs`` are made of. The report's own columns count first once a rule has changed one."""
SHOWS_NEW_VALUE = {"service", "region", "resource_id", "account_id", "billing_account_id", "usage_unit"}
FEEDS_COSTS = {raw for names in FED_BY.values() for raw in names} | {"bill/BillingEntity", "product/productFamily"}


@dataclass
class Charge:
    """One charge on its way through one customer's rules."""

    day: date
    texts: dict[str, str]
    numbers: dict[str, Decimal]
    there: frozenset[str]
    key: tuple[str, ...]
    currency: str
    inserted_by: str | None = None
    imported_type: str = ""
    came_without_cost: bool = False
    got_a_cost: bool = False
    changed: set[str] = field(default_factory=set)
    is_converted: bool = False
    is_deleted: bool = False
    retyped_by: str | None = None
    shown: dict[str, str] = field(default_factory=dict)

    @property
    def is_aws_line(self) -> bool:
        return self.imported_type != ""

    @property
    def is_freed(self) -> bool:
        """Tell whether it is usage of a Savings Plan that a rule has made something else."""
        was_covered = self.imported_type == "SavingsPlanCoveredUsage"
        return was_covered and self.retyped_by is not None and self.text(TYPE) != self.imported_type

    def text(self, name: str) -> str:
        if name in self.texts:
            return self.texts[name]
        for group, column in (("resourceTags/", "Tags"), ("tags.", "Tags"), ("costCategory/", "costCategory")):
            if name.startswith(group):
                key = name.removeprefix(group)
                return _in_json(self.texts.get(column, ""), key.removeprefix("user:") if "/" in name else key)
        return ""

    def seen(self) -> Seen:
        return Seen(text=self.text, numbers=self.numbers)

    def become_cost(self) -> None:
        """Give it the columns of ``costs``, made of the provider's and the report's."""
        self.shown = self.costs_texts()
        self.texts.update(self.shown)

    def costs_texts(self) -> dict[str, str]:
        made = {name: self._made_of(name) for name in FED_BY}
        made["provider"] = PROVIDERS.get(self.text("ProviderName"), self.text("ProviderName").lower())
        is_marketplace = self.text("bill/BillingEntity") == "AWS Marketplace"
        made["cost_category"] = (
            self.text("ServiceCategory")
            or ("AWS Marketplace" if is_marketplace else "")
            or self.text("product/productFamily")
        )
        return made

    def _made_of(self, name: str) -> str:
        columns = FED_BY[name]
        if name in SHOWS_NEW_VALUE:
            columns = columns[1:] if self.changed & set(columns[1:]) else columns[:1]
        return next((text for column in columns if (text := self.text(column))), "")

    def conversion(self, basis: str) -> tuple[Form, Form]:
        """Give what makes the line's cost, and what does where that is nothing; docs/rules.md has the table."""
        now = self.text(TYPE)
        if basis == "effective_cost":
            if now == "Fee" and self.text(RESERVATION_ARN):
                return {}, {}
            if now in _AMORTISED:
                return {name: Fraction(sign) for name, sign in _AMORTISED[now].items()}, {}
        was_reserved = self.imported_type == "DiscountedUsage" and now == "Usage"
        was_reserved = was_reserved and self.came_without_cost and not self.got_a_cost
        return {UNBLENDED: Fraction(1)}, ({PUBLIC: Fraction(1)} if was_reserved else {})

    def line(self, before: dict[str, str]) -> tuple[str, ...]:
        """Give the line that it is shown on; what no rule changed stays as the provider has it."""
        key = list(self.key)
        for place, name in enumerate(
            ["provider", "service", "cost_category", "billing_account_id", "account_id", "region", "cost_type"]
        ):
            now = self.text(name)
            if now != before.get(name, ""):
                key[place] = NAMES.get(now, now) if name == "provider" else now
                if name == "cost_type":
                    key[place] = SHOWN_AS.get(now, "Purchase")
        return (*key, self.inserted_by or "")


_AMORTISED = {
    "SavingsPlanCoveredUsage": {"savingsPlan/SavingsPlanEffectiveCost": 1},
    "SavingsPlanNegation": {},
    "SavingsPlanRecurringFee": {"savingsPlan/TotalCommitmentToDate": 1, "savingsPlan/UsedCommitment": -1},
    "SavingsPlanUpfrontFee": {},
    "DiscountedUsage": {"reservation/EffectiveCost": 1},
    "RIFee": {"reservation/UnusedAmortizedUpfrontFeeForBillingPeriod": 1, "reservation/UnusedRecurringFee": 1},
}
CONVERSION_AMOUNTS = {name for names in _AMORTISED.values() for name in names} | {UNBLENDED, PUBLIC}


def charge_of(row: dict[str, Any], *, cost_column: str, day: date) -> Charge:
    """Give the charge that a row of the store is."""
    texts = {name: value for name, value in row.items() if isinstance(value, str)}
    numbers = {name: value for name, value in row.items() if isinstance(value, Decimal)}
    numbers["amount"] = row.get(cost_column) or Decimal(0)
    numbers["usage_amount"] = row.get("ConsumedQuantity") or Decimal(0)
    numbers[COUNT] = Decimal(1)
    started = row["ChargePeriodStart"]
    texts["accrued_at"] = started.date().isoformat()
    texts |= {name: f"{at:%Y-%m-%dT%H:%M:%SZ}" for name, at in row.items() if isinstance(at, datetime)}
    return Charge(
        day=day,
        texts=texts,
        numbers=numbers,
        there=frozenset(name for name, value in row.items() if value is not None),
        key=tuple(row.get(name) or "" for name in KEY.split()),
        currency=row["BillingCurrency"],
        imported_type=row.get(TYPE) or "",
        came_without_cost=not row.get(UNBLENDED),
    )


def _in_json(packed: str, key: str) -> str:
    try:
        found = json.loads(packed or "{}")
    except ValueError:
        return ""
    value = found.get(key) if isinstance(found, dict) else None
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)
