"""Agreements as providers make them, each on a small bill with the result worked out by hand."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from billow.billingrules.rule import PublicPriceRule, RemoveCommitmentDiscountsRule, RetierRule
from billow.terms.focus import CostBasis
from tests.engines.bills import a_charge
from tests.engines.rated_bills import (
    MARKETPLACE,
    OWN,
    PAYER,
    added,
    aws_line,
    covered,
    negation,
    rated,
    reserved,
    sql,
    total,
)

Bill = list[dict[str, Any]]
OTHER_OWNER = "777788889999"
BILLED, EFFECTIVE = CostBasis.BILLED_COST, CostBasis.EFFECTIVE_COST


def azure(cost: str, **columns: Any) -> dict[str, Any]:
    named = {"ProviderName": "Microsoft", "ServiceName": "Virtual Machines", "SubAccountId": "sub-1"}
    return a_charge(**{"BilledCost": Decimal(cost), **named, **columns})


def everything() -> Bill:
    return [
        aws_line("1000"),
        aws_line("-50", "Credit"),
        aws_line("100", "Fee"),
        aws_line("200", **MARKETPLACE),
        aws_line("30", **{"lineItem/ProductCode": "AwsPremiumSupport", "product/ProductName": "AWS Premium Support"}),
    ]


AWS_EXAMPLES: list[tuple[str, str, Callable[[], Bill], CostBasis, str]] = [
    (
        "5 % off everything but credits",
        """UPDATE aws
           SET aws.lineItem/UnblendedCost = aws.lineItem/UnblendedCost * 0.95
           WHERE aws.lineItem/LineItemType != 'Credit'""",
        everything,
        BILLED,
        "1213.5",  # (1000 + 100 + 200 + 30) * 0.95 - 50
    ),
    (
        "9.5 % off but not for support, credits, fees and the marketplace; a number in quotes",
        """UPDATE aws
           SET aws."lineItem/UnblendedCost" = aws."lineItem/UnblendedCost" * '0.905'
           WHERE aws."lineItem/ProductCode" != 'AwsPremiumSupport'
             AND aws."lineItem/LineItemType" != 'Credit'
             AND aws."lineItem/LineItemType" != 'Fee'
             AND aws."bill/BillingEntity" != 'AWS Marketplace'""",
        everything,
        BILLED,
        "1185",  # 905 - 50 + 100 + 200 + 30
    ),
    (
        "4 % on top of the marketplace",
        "UPDATE aws SET aws.lineItem/UnblendedCost = aws.lineItem/UnblendedCost * 1.04 "
        "WHERE aws.bill/BillingEntity = 'AWS Marketplace'",
        everything,
        BILLED,
        "1288",
    ),
    (
        "public price everywhere, two columns at once",
        """UPDATE aws
           SET aws.lineItem/UnblendedCost = aws.pricing/publicOnDemandCost,
               aws.lineItem/UnblendedRate = aws.pricing/publicOnDemandRate""",
        lambda: [
            aws_line("8", **{"pricing/publicOnDemandCost": Decimal(10)}),
            aws_line("9", **{"pricing/publicOnDemandCost": Decimal("12.5")}),
        ],
        BILLED,
        "22.5",
    ),
    (
        "public price for usage that two payers' reservations covered",
        f"""UPDATE aws
            SET aws.lineItem/UnblendedCost = aws.pricing/publicOnDemandCost,
                aws.lineItem/UnblendedRate = aws.pricing/publicOnDemandRate
            WHERE aws.lineItem/LineItemType = 'DiscountedUsage'
            AND (
              aws.reservation/ReservationARN LIKE '%{PAYER}%'
              OR aws.reservation/ReservationARN LIKE '%{OTHER_OWNER}%'
            )""",
        lambda: [
            reserved("10", "6"),
            reserved("20", "7", **{"reservation/ReservationARN": f"arn:aws:rds:x:{OTHER_OWNER}:ri:b"}),
            reserved("40", "8", **{"reservation/ReservationARN": f"arn:aws:rds:x:{OWN}:ri:c"}),
            aws_line("1"),
        ],
        BILLED,
        "31",
    ),
    (
        "commitments that the customer does not own, amortised",
        """UPDATE aws
           SET aws.lineItem/LineItemType = 'Usage'
           WHERE aws.lineItem/LineItemType IN ('DiscountedUsage', 'SavingsPlanCoveredUsage')
           AND aws.savingsPlan/SavingsPlanARN || aws.reservation/ReservationARN
               NOT LIKE '%:' || aws.lineItem/UsageAccountId || ':%'""",
        lambda: [
            covered("5", "3"),
            negation("-5"),
            reserved("10", "6"),
            covered("50", "30", **{"savingsPlan/SavingsPlanARN": f"arn:aws:savingsplans::{OWN}:savingsplan/o"}),
        ],
        EFFECTIVE,
        "45",  # 5 + 10, and the customer's own 30 stays
    ),
    (
        "commitments that the customer does not own, unamortised: the negation goes, the reserved line has its price",
        """UPDATE aws SET aws.lineItem/LineItemType = 'Usage'
           WHERE aws.lineItem/LineItemType IN ('DiscountedUsage', 'SavingsPlanCoveredUsage')
           AND aws.savingsPlan/SavingsPlanARN || aws.reservation/ReservationARN
               NOT LIKE '%:' || aws.lineItem/UsageAccountId || ':%'""",
        lambda: [covered("5", "3"), negation("-5"), reserved("10", "6"), aws_line("1")],
        BILLED,
        "16",
    ),
    (
        "one payer's plan detached; NULL; a comment at the end",
        f"""UPDATE aws
            SET aws.lineItem/LineItemType = 'Usage', aws.savingsPlan/SavingsPlanARN = NULL
            WHERE aws.lineItem/LineItemType = 'SavingsPlanCoveredUsage'
            AND aws.savingsPlan/SavingsPlanARN LIKE 'arn:aws:savingsplans::{PAYER}%' -- the payer's own""",
        lambda: [
            covered("5", "3"),
            covered("7", "4", **{"savingsPlan/SavingsPlanARN": f"arn:aws:savingsplans::{OTHER_OWNER}:savingsplan/o"}),
        ],
        EFFECTIVE,
        "9",
    ),
    (
        "internal accounts cost nothing; a text zero; a list over several lines",
        f"""UPDATE aws
            SET aws.lineItem/UnblendedCost = '0', aws.lineItem/UnblendedRate = '0'
            WHERE aws.lineItem/UsageAccountId IN (
              '{PAYER}',
              '{OTHER_OWNER}'
            )""",
        lambda: [
            aws_line("5"),
            aws_line("6", **{"lineItem/UsageAccountId": PAYER}),
            aws_line("7", **{"lineItem/UsageAccountId": OTHER_OWNER}),
        ],
        BILLED,
        "5",
    ),
    (
        "partner discounts dropped by their description",
        """-- not the customer's business
           DELETE FROM aws
           WHERE aws.lineItem/LineItemType IN ('Credit', 'Discount')
           AND (aws.lineItem/LineItemDescription LIKE '%Solution Provider%'
                OR aws.lineItem/LineItemDescription LIKE '%Enterprise Discount%')""",
        lambda: [
            aws_line("100"),
            aws_line("-9", "Discount", **{"lineItem/LineItemDescription": "AWS Solution Provider Program Discount"}),
            aws_line("-8", "Credit", **{"lineItem/LineItemDescription": "Enterprise Discount Program"}),
            aws_line("-7", "Credit", **{"lineItem/LineItemDescription": "Migration credit"}),
            aws_line("-6", "Credit"),
        ],
        BILLED,
        "87",
    ),
    (
        "reservation fees of given accounts dropped",
        f"""DELETE FROM aws
            WHERE aws.lineItem/LineItemType = 'RIFee'
            AND (aws.reservation/ReservationARN LIKE '%:{PAYER}:%'
                 OR aws.reservation/ReservationARN LIKE '%:{OTHER_OWNER}:%')""",
        lambda: [
            aws_line("22.9896", "RIFee", **{"reservation/ReservationARN": f"arn:aws:ec2:x:{PAYER}:ri/a"}),
            aws_line("45.9792", "RIFee", **{"reservation/ReservationARN": f"arn:aws:ec2:x:{OWN}:ri/b"}),
        ],
        BILLED,
        "45.9792",
    ),
    (
        "different prices by product",
        """UPDATE aws
           SET aws.lineItem/UnblendedCost = CASE WHEN aws.lineItem/ProductCode = 'AmazonEC2'
               THEN aws.lineItem/UnblendedCost * 1.02 ELSE aws.lineItem/UnblendedCost END""",
        lambda: [aws_line("100"), aws_line("10", **{"lineItem/ProductCode": "AmazonS3"})],
        BILLED,
        "112",
    ),
]


@pytest.mark.parametrize(
    ("text", "bill", "basis", "expected"), [pytest.param(*rest, id=name) for name, *rest in AWS_EXAMPLES]
)
def test_a_rule_on_aws_lines(
    tmp_path: Path, text: str, bill: Callable[[], Bill], basis: CostBasis, expected: str
) -> None:
    assert total(rated(tmp_path, bill(), sql(text), basis=basis)) == Decimal(expected)


def test_a_product_family_can_be_renamed_whatever_the_case_of_the_columns_name(tmp_path: Path) -> None:
    text = """UPDATE aws SET aws.product/ProductFamily = 'Partner Support'
              WHERE aws.product/ProductName LIKE '%Support%' AND aws.lineItem/LineItemType IN ('Fee', 'Usage')"""
    found = rated(tmp_path, [aws_line("3", **{"product/ProductName": "AWS Support"}), aws_line("4")], sql(text))
    assert [(line.service, line.service_category, line.rated_cost) for line in found.lines] == [
        ("AWS Support", "Partner Support", Decimal(3)),
        ("Amazon EC2", None, Decimal(4)),
    ]


COSTS_EXAMPLES: list[tuple[str, str, Callable[[], Bill], str]] = [
    (
        "8 % on one subscription",
        """UPDATE costs SET costs.amount = costs.amount * 1.08
           WHERE costs.provider = 'azure' AND costs.resource_account_id = '00000000-1111-2222-3333-444444444444'""",
        lambda: [
            azure("100", SubAccountId="00000000-1111-2222-3333-444444444444"),
            azure("10"),
            a_charge(BilledCost=Decimal(1), SubAccountId="00000000-1111-2222-3333-444444444444"),
        ],
        "119",
    ),
    (
        "3 % off Azure, but not off reservations",
        """UPDATE costs SET costs.amount = costs.amount * 0.97
           WHERE costs.provider = 'azure'
           AND LOWER(costs.resource_id) NOT LIKE '%/providers/microsoft.capacity/reservationorders%'""",
        lambda: [
            azure("100", ResourceId="/providers/Microsoft.Capacity/reservationOrders/1"),
            azure("10", ResourceId="/subscriptions/1/vm"),
            azure("20"),
        ],
        "129.1",
    ),
    (
        "credits become nothing",
        "UPDATE costs SET costs.amount = 0 WHERE costs.cost_type = 'Credit'",
        lambda: [aws_line("10"), aws_line("-2", "Credit"), azure("-3", ChargeCategory="Credit")],
        "10",
    ),
    (
        "discount types are dropped",
        "DELETE FROM costs WHERE costs.cost_type IN ('SppDiscount', 'UnamortizedSppDiscount')",
        lambda: [aws_line("10"), aws_line("-2", "SppDiscount"), aws_line("-1", "EdpDiscount")],
        "9",
    ),
    (
        "2 % off licences",
        """UPDATE costs SET costs.amount = costs.amount * 0.98 WHERE costs.provider = 'azure'
           AND costs.service = 'NCE License' AND costs.cost_type = 'Purchase'""",
        lambda: [azure("50", ServiceName="NCE License", ChargeCategory="Purchase"), azure("1")],
        "50",
    ),
    (
        "a partner's credit is dropped",
        "DELETE FROM costs WHERE costs.provider = 'azure' AND costs.cost_type = 'PartnerEarnedCredit'",
        lambda: [azure("-5", x_ChargeType="PartnerEarnedCredit"), azure("40")],
        "40",
    ),
    (
        "one meter of another provider is dropped",
        """DELETE FROM costs WHERE costs.provider = 'temporal' AND costs.service = 'Temporal Cloud'
           AND costs.cost_sub_category = 'Actions'""",
        lambda: [
            a_charge(BilledCost=Decimal(3), ProviderName="Temporal", ServiceName="Temporal Cloud", ServiceSubcategory=s)
            for s in ("Actions", "Storage", None)
        ],
        "6",
    ),
    (
        "a mark-up for each service",
        """UPDATE costs
           SET costs.amount = CASE
             WHEN costs.service = 'AWS Lambda' THEN costs.amount * 1.20
             WHEN costs.service IN ('Amazon Simple Storage Service', 'Amazon CloudFront') THEN costs.amount * 1.10
             ELSE costs.amount * 1.05
           END
           WHERE costs.provider = 'aws'""",
        lambda: [
            a_charge(BilledCost=Decimal(100), ServiceName="AWS Lambda"),
            a_charge(BilledCost=Decimal(50), ServiceName="Amazon CloudFront"),
            a_charge(BilledCost=Decimal(20)),
            azure("7"),
        ],
        "203",  # 120 + 55 + 21 + 7
    ),
]


@pytest.mark.parametrize(("text", "bill", "expected"), [pytest.param(*rest, id=name) for name, *rest in COSTS_EXAMPLES])
def test_a_rule_on_costs(tmp_path: Path, text: str, bill: Callable[[], Bill], expected: str) -> None:
    assert total(rated(tmp_path, bill(), sql(text))) == Decimal(expected)


def test_a_service_can_be_renamed(tmp_path: Path) -> None:
    text = (
        "UPDATE costs SET costs.service = 'Compute Plus' WHERE costs.provider = 'aws' AND costs.service = 'AWS Lambda'"
    )
    bill = [a_charge(ServiceName="AWS Lambda"), a_charge(ServiceName="Compute Plus"), a_charge()]
    found = rated(tmp_path, bill, sql(text))
    assert sorted((line.service, line.rated_cost) for line in found.lines) == [
        ("Compute Plus", Decimal(2)),
        ("EC2", Decimal(1)),
    ]


INSERT = "INSERT INTO costs (provider, service, cost_category, cost_sub_category, cost_type, amount)\nVALUES "


@pytest.mark.parametrize(
    ("text", "expected", "category"),
    [
        (f"{INSERT}('aws', 'Goodwill', 'Goodwill', 'Goodwill', 'Credit', -250)", "-250", "Credit"),
        (f"{INSERT}('aws', 'Platform', 'Platform', 'Platform', 'Fee', +900)", "900", "Purchase"),
        (
            "INSERT INTO costs (provider, date, service, cost_category, cost_type, amount)\n"
            "VALUES ('aws', '2026-03-31', 'Onboarding', 'Onboarding', 'Fee', 2500)",
            "2500",
            "Purchase",
        ),
    ],
)
def test_a_fixed_line_can_be_added(tmp_path: Path, text: str, expected: str, category: str) -> None:
    (line,) = added(rated(tmp_path, [a_charge()], sql(text)))
    assert (line.rated_cost, line.charge_category, line.provider) == (Decimal(expected), category, "AWS")


def test_a_line_with_a_day_is_added_in_its_month_only(tmp_path: Path) -> None:
    text = "INSERT INTO costs (provider, date, service, cost_type, amount) VALUES ('aws', '2026-04-01', 'x', 'Fee', 1)"
    assert added(rated(tmp_path, [a_charge()], sql(text))) == ()


FEE = "INSERT INTO costs (provider, service, cost_category, cost_sub_category, cost_type, amount)\nSELECT "


def test_a_management_fee_is_a_share_of_the_spend_without_the_marketplace(tmp_path: Path) -> None:
    text = f"""{FEE}'aws', 'Managed Services', 'Management Fee', 'Monthly', 'Fee', SUM(costs.amount) * 0.08
               FROM costs WHERE costs.provider = 'aws' AND costs.cost_category != 'AWS Marketplace'"""
    dearer = sql("UPDATE costs SET costs.amount = costs.amount * 1.10 WHERE costs.provider = 'aws'", "dearer")
    found = rated(tmp_path, [*everything(), azure("9")], dearer, sql(text))
    (fee,) = added(found)
    assert fee.rated_cost == Decimal("95.04")  # 1080 * 1.10 * 0.08
    assert total(found) == Decimal("1280") * Decimal("1.10") + 9 + Decimal("95.04")


@pytest.mark.parametrize(
    ("spend", "fee"), [("9999.99", "999.999"), ("10000", "700"), ("49999", "3499.93"), ("50000", "2500")]
)
def test_a_monthly_fee_can_have_tiers(tmp_path: Path, spend: str, fee: str) -> None:
    text = """INSERT INTO costs (provider, service, cost_category, cost_type, amount)
        SELECT 'aws', 'Managed Services', 'Management Fee', 'Fee',
          CASE
            WHEN SUM(costs.amount) < 10000 THEN SUM(costs.amount) * 0.10
            WHEN SUM(costs.amount) < 50000 THEN SUM(costs.amount) * 0.07
            ELSE SUM(costs.amount) * 0.05
          END
        FROM costs
        WHERE costs.provider = 'aws'"""
    bill = [a_charge(BilledCost=Decimal(spend) - 1), a_charge(ServiceName="S3"), azure("100")]
    (line,) = added(rated(tmp_path, bill, sql(text)))
    assert line.rated_cost == Decimal(fee)


def test_a_fee_on_nothing_adds_no_line(tmp_path: Path) -> None:
    text = f"{FEE}'gcp', 'Care', 'Care', 'Care', 'Fee', SUM(costs.amount) * 2 FROM costs WHERE costs.provider = 'gcp'"
    assert added(rated(tmp_path, [a_charge()], sql(text))) == ()


def test_a_rule_holds_on_its_days_only(tmp_path: Path) -> None:
    bill = [aws_line("10") | a_charge(day=date(2026, 3, day)) for day in (9, 10, 20, 21)]
    bill = [{**charge, **{"BilledCost": Decimal(10), "lineItem/UnblendedCost": Decimal(10)}} for charge in bill]
    half = "UPDATE aws SET aws.lineItem/UnblendedCost = aws.lineItem/UnblendedCost * 0.5"
    dated = sql(half, start_date=date(2026, 3, 10), end_date=date(2026, 3, 20))
    assert total(rated(tmp_path, bill, dated)) == 30


def test_what_was_taken_away_from_the_report_stays_away(tmp_path: Path) -> None:
    gone = sql("DELETE FROM aws", "gone")
    dearer = sql("UPDATE costs SET costs.amount = costs.amount + 5, costs.service = 'New'", "dearer")
    (line,) = rated(tmp_path, [aws_line("10")], gone, dearer).lines
    assert (line.rated_cost, line.service) == (Decimal(0), "Amazon EC2")
    assert [delta.rule_token for delta in line.deltas] == ["gone"]


def test_a_sum_is_rounded_once_however_many_groups_it_is_made_of(tmp_path: Path) -> None:
    text = f"{FEE}'aws', 'Care', 'Care', 'Care', 'Fee', SUM(costs.amount * 0.5) FROM costs"
    tiny = Decimal("0.000000000000000001")
    bill = [a_charge(BilledCost=tiny, ServiceName=service) for service in ("S3", "EC2", "RDS")]
    (fee,) = added(rated(tmp_path, bill, sql(text)))
    assert fee.rated_cost == 2 * tiny  # half of three, away from zero; each alone would have given three


def in_s3(gigabytes: int) -> dict[str, Any]:
    columns = {"lineItem/ProductCode": "AmazonS3", "lineItem/UsageType": "TimedStorage-ByteHrs"}
    return aws_line("1", **columns, **{"lineItem/UsageAmount": Decimal(gigabytes)})


def test_tiers_see_the_quantity_that_rules_before_them_left(tmp_path: Path) -> None:
    twice = sql("UPDATE aws SET aws.lineItem/UsageAmount = aws.lineItem/UsageAmount * 2", "twice")
    tiers = RetierRule(token="tiers", title="Tiers", include_free_tier=False)
    assert total(rated(tmp_path, [in_s3(1000)], twice, tiers)) == 46  # 2,000 GB at 0.023


@pytest.mark.parametrize("basis", [CostBasis.LIST_COST, CostBasis.CONTRACTED_COST])
def test_tiers_leave_the_cost_alone_where_it_is_not_made_of_the_reports_amounts(
    tmp_path: Path, basis: CostBasis
) -> None:
    bill = [{**in_s3(1000), "ListCost": Decimal(3), "ContractedCost": Decimal(3)}]
    tiers = RetierRule(token="tiers", title="Tiers", include_free_tier=False)
    assert total(rated(tmp_path, bill, tiers, basis=basis)) == 3


def test_covered_usage_that_is_retyped_and_retyped_back_keeps_its_negation(tmp_path: Path) -> None:
    kind = "aws.lineItem/LineItemType"
    there = sql(f"UPDATE aws SET {kind} = 'Usage' WHERE {kind} = 'SavingsPlanCoveredUsage'", "there")
    back = sql(f"UPDATE aws SET {kind} = 'SavingsPlanCoveredUsage' WHERE {kind} = 'Usage'", "back")
    assert total(rated(tmp_path, [covered("5", "3"), negation("-5")], there, back)) == 0


def test_a_sum_does_not_look_at_what_was_taken_away(tmp_path: Path) -> None:
    bill = [a_charge(Tags='{"rate": "none"}'), a_charge(Tags='{"rate": "3"}', ServiceName="S3")]
    gone = sql("DELETE FROM costs WHERE costs.tags.rate = 'none'", "gone")
    fee = sql(
        f"{FEE}'own', 'Care', 'Care', 'Care', 'Fee', SUM(costs.amount * CAST(costs.tags.rate AS DECIMAL)) FROM costs",
        "fee",
    )
    assert [line.rated_cost for line in added(rated(tmp_path, bill, gone, fee))] == [Decimal(3)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("UPDATE costs SET costs.amount = COALESCE(costs.usage_amount, 5)", 3),
        ("DELETE FROM costs WHERE costs.usage_amount IS NULL", 2),
        ("UPDATE costs SET costs.amount = 9 WHERE CAST(costs.usage_amount AS VARCHAR) = '0'", 10),
    ],
)
def test_a_missing_number_is_zero_everywhere(tmp_path: Path, text: str, expected: int) -> None:
    bill = [a_charge(ConsumedQuantity=None), a_charge(ConsumedQuantity=Decimal(3))]
    assert total(rated(tmp_path, bill, sql(text))) == expected


def test_a_report_line_without_a_type_is_still_no_focus_charge(tmp_path: Path) -> None:
    untyped = sql("UPDATE aws SET aws.lineItem/LineItemType = NULL", "untyped")
    public = PublicPriceRule(token="public", title="Public")
    assert total(rated(tmp_path, [{**aws_line("4"), "ListCost": Decimal(9)}], untyped, public)) == 4


@pytest.mark.parametrize(
    ("cost", "expected"),
    [
        ("aws.lineItem/UnblendedCost * 0.96", 2 + 3),  # still nothing, so the public price
        ("'0'", 0),  # meant
        ("aws.lineItem/BlendedCost", 4),  # each its own, also where that is nothing
    ],
)
def test_reserved_lines_that_a_rule_gives_a_cost_keep_it(tmp_path: Path, cost: str, expected: int) -> None:
    text = (
        f"UPDATE aws SET aws.lineItem/LineItemType = 'Usage', aws.lineItem/UnblendedCost = {cost} "
        "WHERE aws.lineItem/LineItemType = 'DiscountedUsage'"
    )
    blended = {"lineItem/BlendedCost": Decimal(4)}
    assert total(rated(tmp_path, [reserved("2", "1"), reserved("3", "1", **blended)], sql(text))) == expected


def test_each_reserved_line_without_cost_goes_to_its_public_price(tmp_path: Path) -> None:
    text = "UPDATE aws SET aws.lineItem/LineItemType = 'Usage' WHERE aws.lineItem/LineItemType = 'DiscountedUsage'"
    with_cost = {"lineItem/UnblendedCost": Decimal(5), "BilledCost": Decimal(5)}
    assert total(rated(tmp_path, [reserved("2", "1"), reserved("3", "1", **with_cost)], sql(text))) == 2 + 5


@pytest.mark.parametrize("basis", [CostBasis.LIST_COST, CostBasis.CONTRACTED_COST])
def test_negations_stay_where_the_cost_is_not_made_of_the_reports_amounts(tmp_path: Path, basis: CostBasis) -> None:
    used, taken_back = ({"ListCost": Decimal(cost), "ContractedCost": Decimal(cost)} for cost in ("5", "-3"))
    plan = RemoveCommitmentDiscountsRule(token="list", title="List price")
    tiers = RetierRule(token="tiers", title="Tiers", include_free_tier=False)
    bill = [{**covered("5", "3"), **used}, {**negation("-5"), **taken_back}]
    found = rated(tmp_path, bill, plan, tiers, basis=basis)
    assert [delta for line in found.lines for delta in line.deltas if delta.amount] == []
