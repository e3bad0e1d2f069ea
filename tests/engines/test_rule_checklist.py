"""What providers ask of rules, by meaning: each wish on the same small bill, and what it comes to.

The bill: AWS usage 100 (EC2), 40 (S3 storage), support 10, marketplace 20, credit -5, bundled discount -3, partner
discounts -2 and -1, a reservation's fee 30 and usage 0 (public 12), plan-covered usage 8 and its negation -8 (effective
5), usage 50 of an internal account; Azure machines 60, storage 15, a reservation 25, a licence 35, a partner's credit
-4; a meter 6 of another provider. Together 376.
"""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from billow.billingrules.rule import PublicPriceRule, RemoveCommitmentDiscountsRule
from billow.terms.focus import CostBasis
from tests.engines.bills import a_charge
from tests.engines.rated_bills import MARKETPLACE, PAYER, aws_line, covered, negation, rated, reserved, sql, total

WHOLE = Decimal(376)
INTERNAL = "222222222222"
AWS, COSTS = "aws.lineItem/", "costs."
COST = f"UPDATE aws SET {AWS}UnblendedCost = {AWS}UnblendedCost * "
AMOUNT = "UPDATE costs SET costs.amount = costs.amount * "
INSERT = "INSERT INTO costs (provider, service, cost_category, cost_sub_category, cost_type, amount) VALUES "
TO_USAGE = f"UPDATE aws SET {AWS}LineItemType = 'Usage' WHERE {AWS}LineItemType"


def microsoft(cost: str, service: str, **columns: Any) -> dict[str, Any]:
    named = {"ProviderName": "Microsoft", "ServiceName": service, "SubAccountId": "sub-1"}
    return a_charge(BilledCost=Decimal(cost), EffectiveCost=Decimal(cost), **{**named, **columns})


def the_bill() -> list[dict[str, Any]]:
    return [
        aws_line("100"),
        aws_line("40", **{"product/ProductName": "Amazon S3", "product/productFamily": "Storage"}),
        aws_line("10", **{"lineItem/ProductCode": "AWSSupportBusiness", "product/ProductName": "AWS Support"}),
        aws_line("20", **MARKETPLACE),
        aws_line("-5", "Credit"),
        aws_line("-3", "BundledDiscount"),
        aws_line("-2", "SppDiscount", **{"lineItem/LineItemDescription": "Solution Provider Program"}),
        aws_line("-1", "Discount", **{"lineItem/LineItemDescription": "Enterprise Discount Program"}),
        aws_line("30", "RIFee", **{"reservation/ReservationARN": f"arn:aws:ec2:x:{PAYER}:ri/a", "EffectiveCost": 0}),
        reserved("12", "7"),
        covered("8", "5"),
        negation("-8"),
        aws_line("50", **{"lineItem/UsageAccountId": INTERNAL}),
        microsoft("60", "Virtual Machines", ServiceCategory="Compute"),
        microsoft("15", "Storage", ServiceCategory="Storage"),
        microsoft("25", "Virtual Machines", ResourceId="/providers/Microsoft.Capacity/reservationOrders/1"),
        microsoft("35", "NCE License", ChargeCategory="Purchase"),
        microsoft("-4", "NCE License", x_ChargeType="PartnerEarnedCredit", ChargeCategory="Credit"),
        a_charge(
            BilledCost=Decimal(6), ProviderName="Temporal", ServiceName="Temporal Cloud", ServiceSubcategory="Actions"
        ),
    ]


WISHES = [
    ("a credit every month", f"{INSERT} ('aws', 'Goodwill', 'Goodwill', 'Goodwill', 'Credit', -25)", "-25"),
    ("a platform fee every month", f"{INSERT} ('aws', 'Platform', 'Platform', 'Platform', 'Fee', 90)", "90"),
    ("a processing fee", f"{INSERT} ('aws', 'Processing', 'Fees', 'Card', 'Fee', 1.5)", "1.5"),
    (
        "a support fee on a day",
        "INSERT INTO costs (provider, date, service, cost_type, amount) "
        "VALUES ('aws', '2026-03-15', 'Support', 'Fee', 75)",
        "75",
    ),
    ("AWS cheaper, not credits", f"{COST} 0.9 WHERE {AWS}LineItemType != 'Credit'", "-24.4"),
    (
        "Azure cheaper, not reservations",
        f"{AMOUNT} 0.9 WHERE costs.provider = 'azure' AND LOWER(costs.resource_id) NOT LIKE '%/reservationorders%'",
        "-10.6",
    ),
    (
        "licences cheaper",
        f"{AMOUNT} 0.98 WHERE costs.provider = 'azure' AND costs.service = 'NCE License' "
        "AND costs.cost_type = 'Purchase'",
        "-0.7",
    ),
    ("one subscription dearer", f"{AMOUNT} 1.1 WHERE costs.resource_account_id = 'sub-1'", "13.1"),
    ("storage dearer", f"{AMOUNT} 1.2 WHERE costs.cost_category = 'Storage'", "11"),
    (
        "Azure machines dearer",
        f"{AMOUNT} 1.2 WHERE costs.provider = 'azure' AND costs.service = 'Virtual Machines'",
        "17",
    ),
    ("two services dearer", f"{AMOUNT} 1.5 WHERE costs.service IN ('Amazon S3', 'AWS Support')", "25"),
    (
        "cheaper but for support, credits, fees and the marketplace",
        f"{COST} '0.9' WHERE {AWS}ProductCode NOT LIKE '%Support%' AND {AWS}LineItemType NOT IN ('Credit', 'Fee') "
        "AND aws.bill/BillingEntity != 'AWS Marketplace'",
        "-21.4",
    ),
    ("no support products", f"DELETE FROM aws WHERE {AWS}ProductCode LIKE 'AWSSupport%'", "-10"),
    ("no bundled discounts", f"DELETE FROM aws WHERE {AWS}LineItemType = 'BundledDiscount'", "3"),
    ("no marketplace, by entity", "DELETE FROM aws WHERE aws.bill/BillingEntity = 'AWS Marketplace'", "-20"),
    ("no marketplace, by category", "DELETE FROM costs WHERE costs.cost_category = 'AWS Marketplace'", "-20"),
    (
        "no discounts of several types",
        "DELETE FROM costs WHERE costs.cost_type IN ('SppDiscount', 'BundledDiscount', 'Discount')",
        "6",
    ),
    (
        "without one meter",
        "DELETE FROM costs WHERE costs.provider = 'temporal' AND costs.cost_sub_category = 'Actions'",
        "-6",
    ),
    ("no partner's credit", "DELETE FROM costs WHERE costs.cost_type = 'PartnerEarnedCredit'", "4"),
    (
        "no reservation fees of an account",
        f"DELETE FROM aws WHERE {AWS}LineItemType = 'RIFee' AND aws.reservation/ReservationARN LIKE '%:{PAYER}:%'",
        "-30",
    ),
    ("no partner program discounts", "DELETE FROM costs WHERE costs.cost_type = 'SppDiscount'", "2"),
    (
        "no discounts by description",
        f"DELETE FROM aws WHERE {AWS}LineItemDescription LIKE '%Solution Provider%' "
        f"OR {AWS}LineItemDescription LIKE '%Enterprise Discount%'",
        "3",
    ),
    ("no support service", "DELETE FROM costs WHERE costs.service = 'AWS Support'", "-10"),
    ("the marketplace dearer", f"{COST} 1.05 WHERE aws.bill/BillingEntity = 'AWS Marketplace'", "1"),
    ("half of one account", f"{AMOUNT} 0.5 WHERE costs.account_id = '{INTERNAL}'", "-25"),
    ("without accounts", f"DELETE FROM costs WHERE costs.account_id IN ('{INTERNAL}', 'sub-1')", "-181"),
    (
        "commitments of others taken away",
        f"{TO_USAGE} IN ('DiscountedUsage', 'SavingsPlanCoveredUsage') AND "
        "aws.savingsPlan/SavingsPlanARN || aws.reservation/ReservationARN "
        f"NOT LIKE '%:' || {AWS}UsageAccountId || ':%'",
        "20",  # the reserved 12, and the covered 8 whose negation goes
    ),
    (
        "one account's plan taken away",
        f"{TO_USAGE} = 'SavingsPlanCoveredUsage' AND aws.savingsPlan/SavingsPlanARN LIKE '%::{PAYER}:%'",
        "8",
    ),
    ("a service renamed", "UPDATE costs SET costs.service = 'Machines' WHERE costs.service = 'Amazon EC2'", "0"),
    (
        "reserved usage at its public price",
        f"UPDATE aws SET {AWS}UnblendedCost = aws.pricing/publicOnDemandCost "
        f"WHERE {AWS}LineItemType = 'DiscountedUsage'",
        "12",
    ),
    ("no credits", "UPDATE costs SET costs.amount = 0 WHERE costs.cost_type = 'Credit'", "5"),
    ("covered usage at list price", f"{TO_USAGE} = 'SavingsPlanCoveredUsage'", "8"),
    (
        "an internal account for nothing",
        f"UPDATE aws SET {AWS}UnblendedCost = '0' WHERE {AWS}UsageAccountId = '{INTERNAL}'",
        "-50",
    ),
]


@pytest.mark.parametrize(("text", "change"), [pytest.param(*rest, id=name) for name, *rest in WISHES])
def test_a_wish_comes_to(tmp_path: Path, text: str, change: str) -> None:
    assert total(rated(tmp_path, the_bill(), sql(text))) == WHOLE + Decimal(change)


def test_the_plan_of_an_account_can_be_left_unamortised(tmp_path: Path) -> None:
    plain = total(rated(tmp_path / "1", the_bill(), basis=CostBasis.EFFECTIVE_COST))
    text = (
        f"UPDATE aws SET {AWS}LineItemType = 'Usage', aws.savingsPlan/SavingsPlanARN = NULL "
        f"WHERE {AWS}LineItemType = 'SavingsPlanCoveredUsage' AND {AWS}UsageAccountId = '111111111111'"
    )
    found = total(rated(tmp_path / "2", the_bill(), sql(text), basis=CostBasis.EFFECTIVE_COST))
    assert found - plain == 8 - 5


def test_everything_can_be_at_its_public_price(tmp_path: Path) -> None:
    rule = PublicPriceRule(token="public", title="Public")
    # Partner discounts of AWS's (6) go, the reserved usage costs its 12; what has no public price stays.
    assert total(rated(tmp_path, the_bill(), rule)) == WHOLE + 6 + 12


def test_the_kind_of_rule_for_commitments_does_what_the_sql_does(tmp_path: Path) -> None:
    rule = RemoveCommitmentDiscountsRule(token="remove", title="Remove")
    assert total(rated(tmp_path, the_bill(), rule)) == WHOLE + 20
