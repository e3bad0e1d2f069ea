"""Re-rate tiered discounts: what a customer's volume costs by the price list's tiers, as if it had an account alone."""

import re
from collections.abc import Iterable, Sequence
from decimal import ROUND_DOWN, Decimal

from billow.billingrules.conversion import UNBLENDED, USAGE
from billow.billingrules.facts import Row
from billow.billingrules.price_list import PriceList
from billow.terms.cur import LINE_ITEM_TYPE
from billow.terms.rounding import STORE_QUANTUM

QUANTITY = "lineItem/UsageAmount"
READ = (
    LINE_ITEM_TYPE,
    "lineItem/ProductCode",
    "lineItem/UsageType",
    "lineItem/LineItemDescription",
    "BillingCurrency",
)
AMOUNTS = (UNBLENDED, QUANTITY)
_REGION = re.compile(r"^[A-Z]{2,4}\d?-")
"""How AWS marks a region before a usage type: USE1-, EUC1-, EU-."""


def price_of(*, row: Row, prices: PriceList, include_free_tier: bool) -> int | None:
    """Return which price of the list counts for the line, by position; None if its cost stays."""
    if row.get(LINE_ITEM_TYPE) != USAGE or row.get("BillingCurrency") != prices.currency:
        return None
    product, usage_type = row.get("lineItem/ProductCode"), row.get("lineItem/UsageType")
    for place, price in enumerate(prices.prices):
        if price.product_code != product or usage_type not in price.usage_types:
            continue
        if not price.only_free_tier:
            return place
        is_free = "free tier" in (row.get("lineItem/LineItemDescription") or "").lower()
        return place if is_free and not include_free_tier else None
    return None


def unpriced_usage_types(*, used: Iterable[tuple[str, str]], prices: PriceList) -> tuple[str, ...]:
    """Return the usage types, of pairs with their product, that the list has tiers for in other regions only."""
    priced = {(price.product_code, usage_type) for price in prices.prices for usage_type in price.usage_types}
    kinds = {(product, _without_region(usage_type)) for product, usage_type in priced}
    return tuple(
        sorted(
            usage_type for product, usage_type in set(used) - priced if (product, _without_region(usage_type)) in kinds
        )
    )


def _without_region(usage_type: str) -> str:
    return _REGION.sub("", usage_type)


def shared_by_quantity(*, cost: Decimal, quantities: Sequence[Decimal]) -> tuple[Decimal, ...]:
    """Return the cost given out by quantity, to 18 decimals; what rounding leaves goes to the largest.

    Among equals the first gets it. The parts add up to the cost exactly. Without any quantity every part is zero.
    """
    whole = sum(quantities, Decimal(0))
    if not whole:
        return tuple(Decimal(0) for _ in quantities)
    parts = [(cost * quantity / whole).quantize(STORE_QUANTUM, ROUND_DOWN) for quantity in quantities]
    largest = max(range(len(quantities)), key=lambda place: (quantities[place], -place))
    parts[largest] += cost - sum(parts, Decimal(0))
    return tuple(parts)
