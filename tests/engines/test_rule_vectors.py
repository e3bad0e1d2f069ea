"""Published and derived figures of discounts, commitments, tiers and fees, from whole bills through whole rules."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from billow.allocation.delegation import Delegation
from billow.billingrules.rule import (
    AdjustmentRule,
    BillingRule,
    ChargeRule,
    CreditRule,
    ExclusionRule,
    FeeTier,
    RemoveCommitmentDiscountsRule,
    RetierRule,
    SupportFeeRule,
)
from billow.rating.rate import UnableToRate, rate
from billow.rating.rated_costs import Agreement
from billow.terms.focus import CostBasis
from tests.engines.bills import INTEGRATION, MARCH, FilesOnly, a_charge, write_bill
from tests.engines.rated_bills import MARKETPLACE, added, aws_line, covered, negation, rated, reserved, sql, total

EFFECTIVE = CostBasis.EFFECTIVE_COST
REMOVE = RemoveCommitmentDiscountsRule(token="remove", title="Remove")


def shown(percentage: str, token: str = "shown", **limits: Any) -> AdjustmentRule:
    return AdjustmentRule(token=token, title=token, percentage=Decimal(percentage), **limits)


def fixed(amount: str, token: str = "fixed", kind: type[ChargeRule | CreditRule] = ChargeRule) -> BillingRule:
    texts: dict[str, Any] = {"service": "Fixed", "category": "Fixed", "sub_category": "Fixed"}
    return kind(token=token, title=token, amount=Decimal(amount), start_date=date(2026, 3, 1), **texts)


def usage(cost: str) -> list[dict[str, Any]]:
    return [a_charge(BilledCost=Decimal(cost))]


@pytest.mark.parametrize(
    ("percentage", "cost", "expected"),
    [("75.0", "200", "150"), ("90", "50", "45"), ("110", "50", "55"), ("100", "7", "7")],
)
def test_a_percentage_is_what_is_shown(tmp_path: Path, percentage: str, cost: str, expected: str) -> None:
    assert total(rated(tmp_path, usage(cost), shown(percentage))) == Decimal(expected)


@pytest.mark.parametrize(("factor", "expected"), [("0.905", "905"), ("'0.905'", "905"), ("'0.095'", "95")])
def test_a_factor_is_what_is_left(tmp_path: Path, factor: str, expected: str) -> None:
    text = f"UPDATE aws SET aws.lineItem/UnblendedCost = aws.lineItem/UnblendedCost * {factor}"
    assert total(rated(tmp_path, [aws_line("1000")], sql(text))) == Decimal(expected)


def test_a_discount_leaves_out_credits_fees_support_and_the_marketplace(tmp_path: Path) -> None:
    text = """UPDATE aws SET aws.lineItem/UnblendedCost = aws.lineItem/UnblendedCost * 0.905
              WHERE aws.lineItem/LineItemType NOT IN ('Credit', 'Fee') AND aws.bill/BillingEntity != 'AWS Marketplace'
              AND aws.lineItem/ProductCode != 'AwsPremiumSupport'"""
    bill = [aws_line("1000"), aws_line("-50", "Credit"), aws_line("100", "Fee"), aws_line("200", **MARKETPLACE)]
    assert total(rated(tmp_path, bill, sql(text))) == 1155


@pytest.mark.parametrize("basis", [CostBasis.BILLED_COST, EFFECTIVE])
def test_a_covered_row_goes_back_to_its_list_price_and_its_negation_no_longer_counts(
    tmp_path: Path, basis: CostBasis
) -> None:
    bill = [covered("0.192", "0.1382"), negation("-0.192")]
    assert total(rated(tmp_path, bill, REMOVE, basis=basis)) == Decimal("0.192")


def test_missing_arns_read_as_empty_texts_so_that_the_row_is_changed(tmp_path: Path) -> None:
    text = """UPDATE aws SET aws.lineItem/LineItemType = 'Usage'
        WHERE aws.lineItem/LineItemType = 'SavingsPlanCoveredUsage' AND
        aws.savingsPlan/SavingsPlanARN || aws.reservation/ReservationARN
        NOT LIKE '%:' || aws.lineItem/UsageAccountId || ':%'"""
    bill = [covered("0.192", "0.1382", **{"savingsPlan/SavingsPlanARN": None})]
    assert total(rated(tmp_path, bill, sql(text), basis=EFFECTIVE)) == Decimal("0.192")


def test_a_charge_before_a_discount_is_discounted_and_one_after_it_is_not(tmp_path: Path) -> None:
    assert total(rated(tmp_path / "1", usage("1000"), fixed("300"), shown("90"))) == 1170
    after = sql(
        "INSERT INTO costs (provider, service, cost_type, amount) "
        "SELECT 'own', 'Fixed', 'Fee', SUM(costs.amount) * 0 + 300 FROM costs",
        "after",
    )
    assert total(rated(tmp_path / "2", usage("1000"), shown("90"), after)) == 1200
    with pytest.raises(UnableToRate, match="not in execution group order"):
        rated(tmp_path / "3", usage("1000"), shown("90"), fixed("300"))


@pytest.mark.parametrize(("base", "expected"), [("costs.service != 'Fixed'", "131"), ("TRUE", "132")])
def test_a_percentage_on_top_can_leave_a_flat_line_out_or_take_it_in(tmp_path: Path, base: str, expected: str) -> None:
    markup = sql("UPDATE costs SET costs.amount = costs.amount * 1.1 WHERE costs.service != 'Fixed'", "markup")
    on_top = sql(
        "INSERT INTO costs (provider, service, cost_type, amount) "
        f"SELECT 'own', 'On top', 'Fee', SUM(costs.amount) * 0.1 FROM costs WHERE {base}",
        "top",
    )
    assert total(rated(tmp_path, usage("100"), fixed("10"), markup, on_top)) == Decimal(expected)


def test_discounts_stack(tmp_path: Path) -> None:
    assert total(rated(tmp_path, usage("1000"), shown("90", "a"), shown("95", "b"))) == 855


def test_a_reservation_partly_used_adds_up_to_what_it_costs(tmp_path: Path) -> None:
    # 365 a year upfront and 0.05 an hour; 31 days; 600 of 744 hours used.
    fee: dict[str, Any] = {
        "reservation/UnusedAmortizedUpfrontFeeForBillingPeriod": Decimal(6),
        "reservation/UnusedRecurringFee": Decimal("7.20"),
        "reservation/ReservationARN": "arn:aws:ec2:x:444455556666:ri/a",
        "EffectiveCost": Decimal("13.20"),
    }
    bill = [reserved("72", "55.000000000"), aws_line("37.2", "RIFee", **fee)]
    assert total(rated(tmp_path / "1", bill, basis=EFFECTIVE)) == Decimal("68.20")
    # A rule that touches the lines makes their cost anew, to the same figures.
    touched = sql("UPDATE aws SET aws.reservation/EffectiveCost = aws.reservation/EffectiveCost * 2 / 2")
    assert total(rated(tmp_path / "2", bill, touched, basis=EFFECTIVE)) == Decimal("68.20")
    assert total(rated(tmp_path / "3", bill, REMOVE, basis=EFFECTIVE)) == Decimal("85.20")
    no_fee = ExclusionRule(token="x", title="x", charge_type="Reserved Instance Fee")
    assert total(rated(tmp_path / "4", bill, REMOVE, no_fee, basis=EFFECTIVE)) == 72


def test_an_unused_commitment_is_what_is_committed_less_what_is_used(tmp_path: Path) -> None:
    plan: dict[str, Any] = {
        "savingsPlan/TotalCommitmentToDate": Decimal("100.8"),
        "savingsPlan/UsedCommitment": Decimal("92.8704"),
        "EffectiveCost": Decimal("7.9296"),
    }
    fee = aws_line("100.8", "SavingsPlanRecurringFee", **plan)
    bill = [covered("129.024", "92.8704"), negation("-129.024"), fee]
    assert total(rated(tmp_path / "1", bill, basis=EFFECTIVE)) == Decimal("100.8")
    assert total(rated(tmp_path / "2", bill)) == Decimal("100.8")
    # The customer pays list price, and what the partner committed beyond it is still on the bill.
    assert total(rated(tmp_path / "3", bill, REMOVE, basis=EFFECTIVE)) == Decimal("136.9536")
    half = sql("UPDATE aws SET aws.savingsPlan/UsedCommitment = aws.savingsPlan/UsedCommitment * 0.5")
    assert total(rated(tmp_path / "4", bill, half, basis=EFFECTIVE)) == Decimal("147.2352")


@pytest.mark.parametrize(
    ("hours", "list_price", "effective", "gain"),
    [(672, "129.024", "92.8704", "36.1536"), (720, "138.24", "99.504", "38.736")],
)
def test_hours_of_a_plan_go_back_to_list_price(
    tmp_path: Path, hours: int, list_price: str, effective: str, gain: str
) -> None:
    bill = [row for _ in range(hours) for row in (covered("0.192", "0.1382"), negation("-0.192"))]
    before = total(rated(tmp_path / "1", bill, basis=EFFECTIVE))
    after = total(rated(tmp_path / "2", bill, REMOVE, basis=EFFECTIVE))
    assert (before, after, after - before) == (Decimal(effective), Decimal(list_price), Decimal(gain))


def test_uncovered_and_formerly_covered_usage_are_shown_as_one(tmp_path: Path) -> None:
    bill = [aws_line("173.14"), covered("215.47", "150"), negation("-215.47")]
    found = rated(tmp_path, bill, REMOVE, basis=EFFECTIVE)
    assert total(found) == Decimal("388.61")
    assert {line.charge_category for line in found.lines if line.rated_cost} == {"Usage"}


def stored(gigabytes: int, account: str, cost: str, usage_type: str, product: str) -> dict[str, Any]:
    return aws_line(
        cost,
        **{
            "lineItem/UsageAccountId": account,
            "lineItem/ProductCode": product,
            "lineItem/UsageType": usage_type,
            "lineItem/UsageAmount": Decimal(gigabytes),
        },
    )


@pytest.mark.parametrize(
    ("product", "usage_type", "volumes", "pooled", "alone"),
    [
        ("AmazonS3", "TimedStorage-ByteHrs", (40_000, 30_000), "1591.2", ("920", "690")),
        ("AmazonCloudFront", "US-DataTransfer-Out-Bytes", (8_000, 6_000), "1171.2", ("680", "510")),
    ],
)
def test_customers_pay_their_own_tiers(
    tmp_path: Path, product: str, usage_type: str, volumes: tuple[int, int], pooled: str, alone: tuple[str, str]
) -> None:
    bill = [
        stored(part, account, str(Decimal(pooled) / 4), usage_type, product)
        for account, volume in zip("ab", volumes, strict=True)
        for part in (volume // 4, volume - volume // 4)
    ]
    rule = RetierRule(token="retier", title="Tiers", include_free_tier=False)
    month = rate(
        store=FilesOnly(tmp_path / "spill"),
        partitions=[write_bill(tmp_path, bill)],
        period=MARCH,
        agreements=[Agreement(account_token=account, currency="USD", rules=(rule,)) for account in "ab"],
        delegations=[
            Delegation(
                integration_token=INTEGRATION, account_token=account, billing_account_id="payer", sub_account_id=account
            )
            for account in "ab"
        ],
    )
    charged = [total(month.by_account[account]) for account in "ab"]
    assert charged == [Decimal(each) for each in alone]
    gain = sum(delta.amount for account in "ab" for line in month.by_account[account].lines for delta in line.deltas)
    assert gain == sum(charged) - Decimal(pooled)


SUPPORT_PLANS: list[tuple[tuple[FeeTier, ...], str, str, str]] = [
    ((FeeTier(percentage=Decimal(3)),), "29", "2000", "60"),
    (
        (
            FeeTier(percentage=Decimal(10), up_to=Decimal(10_000)),
            FeeTier(percentage=Decimal(7), up_to=Decimal(80_000)),
            FeeTier(percentage=Decimal(5), up_to=Decimal(250_000)),
            FeeTier(percentage=Decimal(3)),
        ),
        "100",
        "85000",
        "6150",
    ),
]


@pytest.mark.parametrize(("tiers", "minimum", "spend", "fee"), SUPPORT_PLANS)
def test_a_support_fee_is_on_gross_usage_only(
    tmp_path: Path, tiers: tuple[FeeTier, ...], minimum: str, spend: str, fee: str
) -> None:
    bill = [
        aws_line(spend),
        aws_line("-700", "Credit"),
        aws_line("-30", "EdpDiscount"),
        aws_line("19", "Tax"),
        aws_line("500", **{"product/ProductName": "AWS Support (Business)"}),
        aws_line("900", **MARKETPLACE),
        a_charge(BilledCost=Decimal(77), ProviderName="Microsoft"),
    ]
    texts: dict[str, Any] = {"service": "Care", "category": "Care", "sub_category": "Care"}
    rule = SupportFeeRule(token="s", title="s", tiers=tiers, minimum=Decimal(minimum), **texts)
    (line,) = added(rated(tmp_path, bill, rule))
    assert line.rated_cost == Decimal(fee)


def test_each_account_can_have_a_fee_of_its_own(tmp_path: Path) -> None:
    tiers, minimum, *_ = SUPPORT_PLANS[1]
    texts: dict[str, Any] = {"service": "Care", "category": "Care", "sub_category": "Care"}
    bill = [aws_line("500"), aws_line("85000", **{"lineItem/UsageAccountId": "222222222222"})]
    rule = SupportFeeRule(token="s", title="s", tiers=tiers, minimum=Decimal(minimum), per_account=True, **texts)
    fees = {line.sub_account_id: line.rated_cost for line in added(rated(tmp_path, bill, rule))}
    assert fees == {"111111111111": 100, "222222222222": 6150}


def test_spend_of_no_account_pays_its_share_of_a_fee_per_account_but_no_minimum(tmp_path: Path) -> None:
    tiers, minimum, *_ = SUPPORT_PLANS[1]
    texts: dict[str, Any] = {"service": "Care", "category": "Care", "sub_category": "Care"}
    rule = SupportFeeRule(token="s", title="s", tiers=tiers, minimum=Decimal(minimum), per_account=True, **texts)
    platform = sql(
        "INSERT INTO costs (provider, service, cost_type, amount) VALUES ('aws', 'Platform', 'Fee', 30)", "platform"
    )
    lines = added(rated(tmp_path, [aws_line("500")], platform, rule))
    fees = {line.sub_account_id: line.rated_cost for line in lines if line.service == "Care"}
    assert fees == {"111111111111": 100, None: 3}


def test_the_title_of_a_charge_is_read_by_the_customer_and_that_of_sql_is_not(tmp_path: Path) -> None:
    insert = "INSERT INTO costs (provider, service, cost_type, amount)"
    fees = (
        fixed("5"),
        sql(f"{insert} VALUES ('aws', 'Platform', 'Fee', 30)", "recover_what_he_owes"),
        sql(f"{insert} SELECT 'aws', 'Care', 'Fee', SUM(costs.amount) * 0.1 FROM costs", "hidden_markup"),
    )
    lines = added(rated(tmp_path, [aws_line("500")], *fees))
    assert [line.description for line in lines] == [fees[0].title, None, None]


def test_credits_for_one_service_leave_the_other_alone(tmp_path: Path) -> None:
    bill = [a_charge(BilledCost=Decimal(100)), a_charge(BilledCost=Decimal(50), ServiceName="S3")]
    insert = "INSERT INTO costs (provider, service, cost_type, amount) VALUES ('aws', 'EC2', 'Credit', "
    found = rated(tmp_path, bill, sql(f"{insert}-10)", "first"), sql(f"{insert}-5)", "second"))
    by_service: dict[str, Decimal] = {}
    for line in found.lines:
        by_service[line.service] = by_service.get(line.service, Decimal(0)) + line.rated_cost
    assert by_service == {"EC2": 85, "S3": 50}


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: ExclusionRule(token="x", title="x", charge_type="credit"), "182.106942"),
        (lambda: fixed("56.3479941", kind=CreditRule), "69.4109538"),
    ],
)
def test_credits_of_a_bill_can_go_and_others_come(
    tmp_path: Path, make: Callable[[], BillingRule], expected: str
) -> None:
    bill = [
        a_charge(BilledCost=Decimal("182.106942")),
        a_charge(BilledCost=Decimal("-56.3479941"), ChargeCategory="Credit"),
    ]
    assert total(rated(tmp_path / "1", bill)) == Decimal("125.7589479")
    assert total(rated(tmp_path / "2", bill, make())) == Decimal(expected)
