"""Report lines as charges: which FOCUS column is made of what, and the billed and the amortised cost.

Source of the two views: AWS's guide to amortised data in Cost and Usage Reports.
"""

from collections.abc import Callable, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from billow.ingest.decimals import STORED_DECIMAL
from billow.ingest.providers.aws.amortise import effective_cost
from billow.ingest.providers.aws.lines import LineType
from billow.ingest.retype import DECIMAL_KINDS
from billow.ingest.times import STORED_TIME
from billow.ingest.translation import Tell
from billow.terms.cur import COST_CATEGORIES, DISCOUNT, KIND_BY_NAME, RESOURCE_TAGS
from billow.terms.focus import ChargeCategory, ColumnKind

_SAME: dict[str, str] = {
    "AvailabilityZone": "lineItem/AvailabilityZone",
    "BilledCost": "lineItem/UnblendedCost",
    "BillingAccountId": "bill/PayerAccountId",
    "BillingAccountName": "bill/PayerAccountName",
    "BillingCurrency": "lineItem/CurrencyCode",
    "BillingPeriodEnd": "bill/BillingPeriodEndDate",
    "BillingPeriodStart": "bill/BillingPeriodStartDate",
    "ChargeDescription": "lineItem/LineItemDescription",
    "ChargePeriodEnd": "lineItem/UsageEndDate",
    "ChargePeriodStart": "lineItem/UsageStartDate",
    "InvoiceId": "bill/InvoiceId",
    "ListUnitPrice": "pricing/publicOnDemandRate",
    "PricingCurrency": "pricing/currency",
    "PricingUnit": "pricing/unit",
    "PublisherName": "lineItem/LegalEntity",
    "ResourceId": "lineItem/ResourceId",
    "SkuId": "product/sku",
    "SkuMeter": "lineItem/UsageType",
    "SkuPriceId": "pricing/RateId",
    "SubAccountId": "lineItem/UsageAccountId",
    "SubAccountName": "lineItem/UsageAccountName",
    "Tags": RESOURCE_TAGS,
}
ORIGINS = _SAME | {
    "ChargeCategory": "lineItem/LineItemType",
    "ServiceName": "lineItem/ProductCode",
}
"""Which raw column a person has to mend when a charge's column is wrong."""


def to_charges(rows: Mapping[str, pa.Array], *, tell: Tell, name_of: Callable[[str], str]) -> dict[str, pa.Array]:
    """Return FOCUS's columns and the raw ones; ``name_of`` gives a raw column's delivered name for messages."""
    raw = _Lines({name: _stored_time(values) for name, values in rows.items()})
    types = raw["lineItem/LineItemType"]
    charges = {name: raw[source] for name, source in _SAME.items()}
    category = LineType.categories(types)
    charges |= {
        "ProviderName": pa.repeat(pa.scalar("AWS"), len(types)),
        "ServiceName": pc.coalesce(raw["product/ProductName"], raw["product/servicename"], raw["lineItem/ProductCode"]),
        "InvoiceIssuerName": pc.coalesce(raw["bill/InvoicingEntity"], raw["lineItem/LegalEntity"]),
        "RegionId": pc.coalesce(raw["product/regionCode"], raw["product/region"]),
        "ChargeCategory": category,
        "ChargeClass": _charge_class(charges, category),
        "ChargeFrequency": LineType.frequencies(types),
        "EffectiveCost": effective_cost(raw, tell=tell, name_of=name_of),
        **_prices(raw, types),
        **_quantities(raw, types, category),
        **_commitment(raw, types),
    }
    # What a missing column leaves empty is no fault of the rows: the missing column is told by itself.
    charges = {name: values for name, values in charges.items() if ORIGINS.get(name) in (None, *rows)}
    kept = {name: raw[name] for name in (*KIND_BY_NAME, COST_CATEGORIES, DISCOUNT) if name in rows}
    return charges | kept


class _Lines(dict[str, pa.Array]):
    """Raw columns; those that the report lacks are null."""

    def __missing__(self, name: str) -> pa.Array:
        kind = KIND_BY_NAME.get(name, ColumnKind.TEXT)
        stored = STORED_DECIMAL if kind in DECIMAL_KINDS else STORED_TIME if kind is ColumnKind.TIME else pa.string()
        self[name] = pa.nulls(len(next(iter(self.values()))), stored)
        return self[name]


def _stored_time(values: pa.Array) -> pa.Array:
    is_other_time = pa.types.is_timestamp(values.type) or pa.types.is_date(values.type)
    return pc.cast(values, STORED_TIME) if is_other_time and values.type != STORED_TIME else values


def _charge_class(charges: Mapping[str, pa.Array], category: pa.Array) -> pa.Array:
    """Mark what this month's bill says about an earlier month; a purchase may begin when it likes."""
    earlier = pc.less(charges["ChargePeriodStart"], charges["BillingPeriodStart"])
    corrects = pc.and_kleene(earlier, pc.not_equal(category, ChargeCategory.PURCHASE.value))
    return pc.if_else(pc.fill_null(corrects, False), "Correction", pa.scalar(None, pa.string()))


def _prices(raw: Mapping[str, pa.Array], types: pa.Array) -> dict[str, pa.Array]:
    """Value each use once: a negation only takes back what the covered line says, so it has no price of its own."""
    nothing = pa.scalar(0, STORED_DECIMAL)
    unblended = raw["lineItem/UnblendedCost"]
    is_negation = LineType.is_in(types, LineType.SAVINGS_PLAN_NEGATION)
    is_discounted = LineType.is_in(types, LineType.DISCOUNTED_USAGE)
    listed = pc.if_else(is_negation, nothing, pc.coalesce(raw["pricing/publicOnDemandCost"], unblended))
    contracted = pc.if_else(is_negation, nothing, pc.if_else(is_discounted, listed, unblended))
    return {"ListCost": listed, "ContractedCost": contracted}


def _quantities(raw: Mapping[str, pa.Array], types: pa.Array, category: pa.Array) -> dict[str, pa.Array]:
    is_negation = LineType.is_in(types, LineType.SAVINGS_PLAN_NEGATION)
    amount = pc.if_else(is_negation, pa.scalar(None, STORED_DECIMAL), raw["lineItem/UsageAmount"])
    is_use = pc.fill_null(pc.equal(category, ChargeCategory.USAGE.value), False)
    return {
        "PricingQuantity": amount,
        "ConsumedQuantity": pc.if_else(is_use, amount, pa.scalar(None, STORED_DECIMAL)),
        "ConsumedUnit": pc.if_else(is_use, raw["pricing/unit"], pa.scalar(None, pa.string())),
    }


def _commitment(raw: Mapping[str, pa.Array], types: pa.Array) -> dict[str, pa.Array]:
    nothing = pa.scalar(None, pa.string())
    plan, reservation = raw["savingsPlan/SavingsPlanARN"], raw["reservation/ReservationARN"]

    def by_kind(for_plan: str, for_reservation: str) -> pa.Array:
        second = pc.if_else(pc.is_valid(reservation), for_reservation, nothing)
        return pc.if_else(pc.is_valid(plan), for_plan, second)

    covered = LineType.is_in(types, LineType.SAVINGS_PLAN_COVERED_USAGE, LineType.DISCOUNTED_USAGE)
    is_spot = pc.fill_null(pc.match_substring(raw["lineItem/UsageType"], "SpotUsage"), False)
    uncovered = pc.if_else(is_spot, "Dynamic", "Standard")
    is_use = LineType.is_in(types, LineType.USAGE)
    identifier = pc.coalesce(plan, reservation)
    return {
        "CommitmentDiscountId": identifier,
        "CommitmentDiscountType": by_kind("Savings Plan", "Reserved Instance"),
        "CommitmentDiscountCategory": by_kind("Spend", "Usage"),
        "CommitmentDiscountStatus": pc.if_else(pc.and_(covered, pc.is_valid(identifier)), "Used", nothing),
        "PricingCategory": pc.if_else(covered, "Committed", pc.if_else(is_use, uncovered, nothing)),
    }
