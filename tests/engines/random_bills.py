"""Small random bills: lines of AWS's reports of every type, and charges of several providers in FOCUS's own columns."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from tests.engines.bills import a_charge

DAYS = (date(2026, 2, 20), date(2026, 3, 1), date(2026, 3, 14), date(2026, 3, 15), date(2026, 3, 31), date(2026, 4, 1))
days = st.sampled_from(DAYS)
OWN, OTHER = "111111111111", "999999999999"
PLANS = (f"arn:aws:savingsplans::{OTHER}:savingsplan/a", f"arn:aws:savingsplans::{OWN}:savingsplan/b", None)
RESERVATIONS = (f"arn:aws:ec2:x:{OTHER}:reserved-instances/a", f"arn:aws:ec2:x:{OWN}:reserved-instances/b", None)
TYPES = (
    "Usage",
    "DiscountedUsage",
    "SavingsPlanCoveredUsage",
    "SavingsPlanNegation",
    "SavingsPlanRecurringFee",
    "SavingsPlanUpfrontFee",
    "RIFee",
    "Fee",
    "Tax",
    "Credit",
    "EdpDiscount",
)
CATEGORIES = {"Tax": "Tax", "Credit": "Credit", "EdpDiscount": "Credit"}
PRODUCTS = {"AmazonEC2": "EC2", "AmazonS3": "S3", "AWSSupport": "AWS Support"}
FAMILIES = {"AmazonEC2": "Compute Instance", "AmazonS3": "Storage", "AWSSupport": None}
USAGE_TYPES = {"AmazonEC2": "BoxUsage:t2.micro", "AmazonS3": "TimedStorage-ByteHrs", "AWSSupport": None}

coarse = st.decimals(min_value=-1000, max_value=10**6, places=4, allow_nan=False, allow_infinity=False)
fine = st.decimals(min_value=-100, max_value=10**6, places=18, allow_nan=False, allow_infinity=False)
money = st.one_of(coarse, fine, st.just(Decimal(0)))


@st.composite
def aws_lines(draw: st.DrawFn, number: int) -> dict[str, Any]:
    """Draw a line as the import keeps it: FOCUS's columns made of the report's."""
    kind, code = draw(st.sampled_from(TYPES)), draw(st.sampled_from(sorted(PRODUCTS)))
    unblended = Decimal(0) if kind == "DiscountedUsage" else draw(money)
    if kind == "SavingsPlanNegation":
        unblended = -abs(unblended)
    if kind == "SavingsPlanCoveredUsage":
        unblended = abs(unblended)
    entity = draw(st.sampled_from(("AWS", "AWS", "AWS Marketplace")))
    is_covered = kind in {"SavingsPlanCoveredUsage", "SavingsPlanNegation"}
    raw: dict[str, Any] = {
        "lineItem/LineItemType": kind,
        "lineItem/ProductCode": code,
        "lineItem/UsageType": USAGE_TYPES[code],
        "lineItem/UsageAccountId": draw(st.sampled_from((OWN, OTHER))),
        "lineItem/LineItemDescription": draw(st.sampled_from((None, "x (monthly free tier)", "Enterprise Discount"))),
        "lineItem/UnblendedCost": unblended,
        "lineItem/BlendedCost": draw(money),
        "lineItem/UsageAmount": Decimal(2**number) / 8,
        "product/ProductName": PRODUCTS[code],
        "product/productFamily": FAMILIES[code],
        "bill/BillingEntity": entity,
        "bill/PayerAccountId": "payer",
        "pricing/publicOnDemandCost": draw(st.none() | money),
        "savingsPlan/SavingsPlanARN": draw(st.sampled_from(PLANS)) if is_covered or "Plan" in kind else None,
        "savingsPlan/SavingsPlanEffectiveCost": draw(money) if is_covered else None,
        "savingsPlan/TotalCommitmentToDate": draw(money) if kind == "SavingsPlanRecurringFee" else None,
        "savingsPlan/UsedCommitment": draw(money) if kind == "SavingsPlanRecurringFee" else None,
        "reservation/ReservationARN": draw(st.sampled_from(RESERVATIONS))
        if kind in {"DiscountedUsage", "RIFee", "Fee"}
        else None,
        "reservation/EffectiveCost": draw(money) if kind == "DiscountedUsage" else None,
        "reservation/UnusedAmortizedUpfrontFeeForBillingPeriod": draw(money) if kind == "RIFee" else None,
        "reservation/UnusedRecurringFee": draw(money) if kind == "RIFee" else None,
    }
    return a_charge(
        day=draw(days),
        **raw,
        **_focus_costs(raw),
        ServiceName=PRODUCTS[code],
        ServiceCategory=None,
        SubAccountId=raw["lineItem/UsageAccountId"],
        ChargeCategory=CATEGORIES.get(kind, "Purchase" if kind.endswith("Fee") else "Usage"),
        ConsumedQuantity=raw["lineItem/UsageAmount"] if kind == "Usage" else None,
        ConsumedUnit="GB" if kind == "Usage" else None,
        Tags=draw(tags),
    )


def _focus_costs(raw: dict[str, Any]) -> dict[str, Decimal]:
    amortised = {
        "SavingsPlanCoveredUsage": raw["savingsPlan/SavingsPlanEffectiveCost"],
        "SavingsPlanNegation": Decimal(0),
        "SavingsPlanUpfrontFee": Decimal(0),
        "SavingsPlanRecurringFee": _less(raw["savingsPlan/TotalCommitmentToDate"], raw["savingsPlan/UsedCommitment"]),
        "DiscountedUsage": raw["reservation/EffectiveCost"],
        "RIFee": _less(
            raw["reservation/UnusedAmortizedUpfrontFeeForBillingPeriod"],
            -(raw["reservation/UnusedRecurringFee"] or Decimal(0)),
        ),
    }
    kind, unblended = raw["lineItem/LineItemType"], raw["lineItem/UnblendedCost"]
    effective = amortised.get(kind, unblended)
    if kind == "Fee" and raw["reservation/ReservationARN"]:
        effective = Decimal(0)
    listed = raw["pricing/publicOnDemandCost"]
    return {
        "BilledCost": unblended,
        "EffectiveCost": effective,
        "ListCost": unblended if listed is None else listed,
        "ContractedCost": unblended,
    }


def _less(one: Decimal | None, other: Decimal | None) -> Decimal:
    return (one or Decimal(0)) - (other or Decimal(0))


tags = st.sampled_from(
    (
        None,
        None,
        json.dumps({"team": "red", "rate": "1.5"}),
        json.dumps({"team": "blue"}),
        "[]",
        json.dumps({"rate": "none"}),
    )
)


@st.composite
def focus_charges(draw: st.DrawFn, number: int) -> dict[str, Any]:
    """Draw a charge of a FOCUS bill."""
    provider = draw(st.sampled_from(("AWS", "Microsoft", "Google Cloud", "Temporal")))
    commitment = draw(st.sampled_from((None, PLANS[0], PLANS[1])))
    return a_charge(
        day=draw(days),
        BilledCost=draw(money),
        EffectiveCost=draw(money),
        ListCost=draw(st.none() | money),
        ContractedCost=draw(st.none() | money),
        BillingCurrency=draw(st.sampled_from(("USD", "USD", "EUR"))),
        ProviderName=provider,
        SubAccountId=draw(st.sampled_from((OWN, OTHER))),
        ServiceName=draw(st.sampled_from(("EC2", "S3", "AWS Support", "it's 50%_\\n\nline"))),
        ServiceCategory=draw(st.sampled_from(("Compute", "Storage", None))),
        ServiceSubcategory=draw(st.sampled_from(("Actions", None))),
        ChargeCategory=draw(st.sampled_from(("Usage", "Usage", "Tax", "Credit", "Purchase"))),
        ChargeClass=draw(st.sampled_from((None, None, "Correction"))),
        RegionId=draw(st.sampled_from((None, "eu-1"))),
        ResourceId=draw(st.sampled_from((None, "/Providers/X", "i-1"))),
        CommitmentDiscountId=commitment,
        CommitmentDiscountStatus=None if commitment is None else draw(st.sampled_from(("Used", "Unused"))),
        ConsumedQuantity=draw(st.sampled_from((None, Decimal(2**number) / 8))),
        ConsumedUnit="Hours",
        x_ChargeType=draw(st.sampled_from((None, "NCE", "usage"))),
        Tags=draw(tags),
    )


@st.composite
def bills(draw: st.DrawFn, most: int = 12) -> list[dict[str, Any]]:
    """Draw a bill; no two sums of quantities are equal, so that the largest share is always one."""
    drawn = draw(st.lists(st.booleans(), min_size=1, max_size=most))
    return [draw(aws_lines(place) if is_aws else focus_charges(place)) for place, is_aws in enumerate(drawn)]
