"""What rules see of a group of charges: the store's columns, and the ``costs`` columns that are made of them.

A row is a dictionary from column names to texts (None: missing): first the store's and the raw report's names; the
names of ``costs`` are added when AWS lines become costs. Where rules run charge by charge it has numbers too.
"""

import json
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import Any

from billow.billingrules.datasets import ACCRUED_AT, TAGS
from billow.terms.cur import COST_CATEGORIES, LINE_ITEM_TYPE, RESOURCE_TAGS
from billow.terms.focus import ChargeCategory

Row = dict[str, Any]

PROVIDER_KEY = "provider_key"
"""Stands beside the store's columns: the vendor's key of who provides (``aws``)."""

USAGE_DAY = "ChargePeriodStart:day"
TAGS_PREFIX = f"{TAGS}."

PRESENT = ":present"
"""Behind a number column's name: a text that is there where the charges have the number, missing where they lack it."""

ZERO = ":zero"
"""Behind a number column's name: a text that is there where the charges lack the number or have none of it."""

CHARGE_TYPE_COLUMNS = (LINE_ITEM_TYPE, "x_ChargeType", "x_CostType", "ChargeCategory")
"""Where a charge type may stand, the first that is there counts."""

MARKETPLACE = "AWS Marketplace"

SOURCES: Mapping[str, tuple[str, ...]] = {
    ACCRUED_AT: (USAGE_DAY,),
    "currency": ("BillingCurrency",),
    "usage_unit": ("ConsumedUnit",),
    "provider": (PROVIDER_KEY,),
    "billing_account_id": ("BillingAccountId",),
    "account_id": ("SubAccountId",),
    "resource_account_id": ("SubAccountId",),
    "service": ("ServiceName",),
    "region": ("RegionId",),
    "resource_id": ("ResourceId",),
    "cost_category": ("ServiceCategory", "bill/BillingEntity", "product/productFamily"),
    "cost_sub_category": ("ServiceSubcategory", "lineItem/UsageType"),
    "cost_type": CHARGE_TYPE_COLUMNS,
}
"""The store's columns that each column of ``costs`` is made of."""

MADE_AGAIN: Mapping[str, tuple[str, ...]] = {
    "service": ("product/ProductName", "product/servicename", "lineItem/ProductCode"),
    "region": ("product/regionCode", "product/region"),
    "resource_id": ("lineItem/ResourceId",),
    "account_id": ("lineItem/UsageAccountId",),
    "billing_account_id": ("bill/PayerAccountId",),
    "usage_unit": ("pricing/unit",),
}
"""The raw columns that the import made store columns of: they count again once a rule has changed one of them."""

_PROVIDERS = {
    "aws": "aws",
    "amazon web services": "aws",
    "amazon": "aws",
    "microsoft": "azure",
    "azure": "azure",
    "microsoft azure": "azure",
    "google": "gcp",
    "google cloud": "gcp",
    "google cloud platform": "gcp",
    "gcp": "gcp",
    "oracle": "oracle",
    "oracle cloud": "oracle",
    "mongodb": "mongo",
    "openai": "open_ai",
}
_NAMES = {"aws": "AWS", "azure": "Microsoft", "azure_csp": "Microsoft", "gcp": "Google Cloud", "oracle": "Oracle"}
_NARROWER = {"azure": "azure_csp"}

_CATEGORY_OF_TYPE = {
    "usage": ChargeCategory.USAGE,
    "fee": ChargeCategory.PURCHASE,
    "purchase": ChargeCategory.PURCHASE,
    "rifee": ChargeCategory.PURCHASE,
    "tax": ChargeCategory.TAX,
    "credit": ChargeCategory.CREDIT,
    "discountedusage": ChargeCategory.USAGE,
    "savingsplancoveredusage": ChargeCategory.USAGE,
    "savingsplannegation": ChargeCategory.USAGE,
    "savingsplanrecurringfee": ChargeCategory.PURCHASE,
    "savingsplanupfrontfee": ChargeCategory.PURCHASE,
}

DISPLAY_NAMES = {
    "BundledDiscount": "Bundled Discount",
    "DiscountedUsage": "Reserved Instance Discounted Spend",
    "EdpDiscount": "Enterprise Discount Program Discount",
    "PrivateRateDiscount": "Private Rate Discount",
    "RIFee": "Reserved Instance Fee",
    "RiVolumeDiscount": "RI Volume Discount",
    "SavingsPlanCoveredUsage": "Savings Plan Discounted Spend",
    "SavingsPlanNegation": "Savings Plan Negation",
    "SavingsPlanRecurringFee": "Savings Plan Recurring Fee",
    "SavingsPlanUpfrontFee": "Savings Plan Upfront Fee",
    "SppDiscount": "Solution Provider Program Discount",
}
"""What reports call AWS's line item types; an exclusion may be written with either."""


def provider_key(*, name: str, integration_provider: str = "") -> str:
    """Return the vendor's key for a FOCUS ProviderName; the integration's own says more where it is narrower."""
    known = _PROVIDERS.get(name.strip().casefold())
    if known is None:
        return "_".join(name.strip().casefold().split())
    return integration_provider if integration_provider and _NARROWER.get(known) == integration_provider else known


def provider_name(*, key: str) -> str:
    """Return the FOCUS ProviderName that a key stands for."""
    return _NAMES.get(key, key)


def charge_category_of(*, cost_type: str | None, amount_is_negative: bool = False) -> str:
    """Return FOCUS's ChargeCategory for a charge type that a rule has set."""
    known = _CATEGORY_OF_TYPE.get((cost_type or "").casefold())
    if known is not None:
        return known.value
    return (ChargeCategory.ADJUSTMENT if amount_is_negative else ChargeCategory.PURCHASE).value


def store_columns_of(name: str) -> tuple[str, ...]:
    """Return the columns of the store that a column of either dataset is made of."""
    if name.startswith((TAGS_PREFIX, f"{RESOURCE_TAGS}/")):
        return ("Tags",)
    if name.startswith(f"{COST_CATEGORIES}/"):
        return (COST_CATEGORIES,)
    return SOURCES.get(name, (name,))


def costs_value(name: str, *, row: Row, changed: AbstractSet[str]) -> str | None:
    """Return a column of ``costs`` made of the row's other columns; ``changed`` are the raw ones that rules wrote."""
    made_again = MADE_AGAIN.get(name, ())
    if changed and not changed.isdisjoint(made_again):
        return _first_of(row, made_again)
    if name == "cost_category":
        marketplace = MARKETPLACE if row.get("bill/BillingEntity") == MARKETPLACE else None
        return row.get("ServiceCategory") or marketplace or row.get("product/productFamily")
    if name.startswith(TAGS_PREFIX):
        return value_in_json(row.get("Tags"), key=name.removeprefix(TAGS_PREFIX))
    return _first_of(row, SOURCES[name])


def text_in(row: Row, *, name: str) -> str | None:
    """Return a text of the row by name, None if it is missing; keys of tags and cost categories are looked up."""
    if name in row:
        text: str | None = row[name]
        return text
    group, _, key = name.partition("/")
    if key and group in {RESOURCE_TAGS, COST_CATEGORIES}:
        key = key.removeprefix("user:") if group == RESOURCE_TAGS else key
        return value_in_json(row.get("Tags" if group == RESOURCE_TAGS else COST_CATEGORIES), key=key)
    return None


@lru_cache(maxsize=65_536)
def value_in_json(packed: str | None, *, key: str) -> str | None:
    """Return the text under a key of a JSON object, or None."""
    if not packed:
        return None
    try:
        entries = json.loads(packed)
    except ValueError:
        return None
    found = entries.get(key) if isinstance(entries, dict) else None
    return found if found is None or isinstance(found, str) else json.dumps(found)


def _first_of(row: Row, names: tuple[str, ...]) -> str | None:
    for name in names:
        value: str | None = row.get(name)
        if value:
            return value
    return None
