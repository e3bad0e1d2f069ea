"""A small bill of one customer rated by some rules: few words for tests that state every figure."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from billow.allocation.delegation import Delegation
from billow.billingrules.rule import BillingRule, CustomRule
from billow.rating.rate import rate
from billow.rating.rated_costs import Agreement, RatedCosts, RatedLine
from billow.terms.focus import CostBasis
from tests.engines.bills import INTEGRATION, MARCH, FilesOnly, a_charge, write_bill

CUSTOMER = "acct_a"
OWN, PAYER = "111111111111", "444455556666"
MARKETPLACE: dict[str, Any] = {"bill/BillingEntity": "AWS Marketplace", "product/productFamily": None}
_FOREIGN_PLAN = f"arn:aws:savingsplans::{PAYER}:savingsplan/a"
_FOREIGN_RESERVATION = f"arn:aws:ec2:eu-central-1:{PAYER}:reserved-instances/a"


def sql(text: str, token: str = "rule", **dates: Any) -> CustomRule:
    return CustomRule(token=token, title=token.capitalize(), sql_query=text, **dates)


def aws_line(cost: str, kind: Any = "Usage", **columns: Any) -> dict[str, Any]:
    """Give a line of an AWS report as its import keeps it; ``cost`` is the unblended one."""
    unblended = Decimal(cost)
    raw: dict[str, Any] = {
        "lineItem/LineItemType": kind,
        "lineItem/UnblendedCost": unblended,
        "lineItem/ProductCode": "AmazonEC2",
        "lineItem/UsageAccountId": OWN,
        "lineItem/UsageType": "BoxUsage:m5.large",
        "bill/BillingEntity": "AWS",
        "product/ProductName": "Amazon EC2",
        "product/productFamily": "Compute Instance",
        **columns,
    }
    focus = {"BilledCost": unblended, "ServiceCategory": None, "SubAccountId": raw["lineItem/UsageAccountId"]}
    focus["ServiceName"] = raw["product/ProductName"]
    return a_charge(**{**focus, "EffectiveCost": unblended, **raw})


def covered(cost: str, effective: str, **columns: Any) -> dict[str, Any]:
    """Give usage that a Savings Plan of the payer covered."""
    plan: dict[str, Any] = {
        "savingsPlan/SavingsPlanARN": _FOREIGN_PLAN,
        "savingsPlan/SavingsPlanEffectiveCost": Decimal(effective),
    }
    return aws_line(cost, "SavingsPlanCoveredUsage", **{"EffectiveCost": Decimal(effective), **plan, **columns})


def negation(cost: str, **columns: Any) -> dict[str, Any]:
    """Give what takes the covered usage back."""
    plan: dict[str, Any] = {"savingsPlan/SavingsPlanARN": _FOREIGN_PLAN, "EffectiveCost": Decimal(0)}
    return aws_line(cost, "SavingsPlanNegation", **{**plan, **columns})


def reserved(public: str, effective: str, **columns: Any) -> dict[str, Any]:
    """Give usage that a reservation of the payer covered: AWS writes no unblended cost."""
    given: dict[str, Any] = {
        "reservation/ReservationARN": _FOREIGN_RESERVATION,
        "reservation/EffectiveCost": Decimal(effective),
        "pricing/publicOnDemandCost": Decimal(public),
        "EffectiveCost": Decimal(effective),
    }
    return aws_line("0", "DiscountedUsage", **{**given, **columns})


def rated(
    folder: Path, bill: Sequence[dict[str, Any]], *rules: BillingRule, basis: CostBasis = CostBasis.BILLED_COST
) -> RatedCosts:
    """Rate March for the one customer there is."""
    month = rate(
        store=FilesOnly(folder / "spill"),
        partitions=[write_bill(folder, bill)],
        period=MARCH,
        agreements=[Agreement(account_token=CUSTOMER, currency="USD", rules=rules)],
        delegations=[Delegation(integration_token=INTEGRATION, account_token=CUSTOMER)],
        basis=basis,
    )
    return month.by_account[CUSTOMER]


def total(rated_costs: RatedCosts) -> Decimal:
    """Add up what the customer is charged; every line must add up itself."""
    assert rated_costs.failure is None, rated_costs.failure
    for line in rated_costs.lines:
        assert line.rated_cost == line.provider_cost + sum((delta.amount for delta in line.deltas), Decimal(0))
    return sum((line.rated_cost for line in rated_costs.lines), Decimal(0))


def added(rated_costs: RatedCosts) -> tuple[RatedLine, ...]:
    """Give the lines that rules added."""
    return tuple(line for line in rated_costs.lines if line.inserted_by is not None)
