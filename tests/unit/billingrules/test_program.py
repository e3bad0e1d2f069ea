"""What rules do to one group of charges."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import pytest

from billow.billingrules.datasets import AMOUNT, USAGE_AMOUNT
from billow.billingrules.facts import PROVIDER_KEY
from billow.billingrules.linear import COUNT
from billow.billingrules.program import RuleProgram, program_of
from billow.billingrules.rule import AdjustmentRule, BillingRule, ExclusionRule
from billow.billingrules.run import Group, RuleRun
from billow.terms.period import BillingPeriod

MARCH = BillingPeriod(2026, 3)
USAGE = {
    "ProviderName": "AWS",
    PROVIDER_KEY: "aws",
    "ServiceName": "EC2",
    "ServiceCategory": "Compute",
    "ChargeCategory": "Usage",
}


def shown(percentage: str, token: str = "r", **limits: object) -> AdjustmentRule:
    return AdjustmentRule(token=token, title="t", percentage=Decimal(percentage), **limits)  # type: ignore[arg-type]


def rated(cost: str, rules: Sequence[BillingRule], day: int = 10, **facts: str) -> Decimal:
    group = rated_group(cost, program_of(rules=rules, period=MARCH), day, **facts)
    assert group.rated_cost == Decimal(cost) + sum((amount for _, amount in group.deltas), Decimal(0))
    return group.rated_cost


def rated_group(cost: str, program: RuleProgram, day: int = 10, **facts: str) -> Group:
    run = RuleRun(program=program, currency="USD")
    row = {**dict.fromkeys(program.columns), **USAGE, **facts}
    group = Group(
        currency="USD",
        account=None,
        provider_cost=Decimal(cost),
        amounts={AMOUNT: Decimal(cost), USAGE_AMOUNT: Decimal(0), COUNT: Decimal(1)},
        treatment=run.walker.treatment_of(row=row, day=date(2026, 3, day)),
    )
    (done,) = run.complete([group])
    return done


@pytest.mark.parametrize(
    ("percentage", "cost", "expected"),
    [("75.0", "200", "150"), ("90", "100", "90"), ("110", "100", "110"), ("100", "7.77", "7.77"), ("0", "5", "0")],
)
def test_a_percentage_is_how_much_of_the_cost_is_shown(percentage: str, cost: str, expected: str) -> None:
    assert rated(cost, [shown(percentage)]) == Decimal(expected)


def test_discounts_stack_on_what_is_left() -> None:
    assert rated("1000", [shown("90"), shown("95", "s")]) == 855


def test_a_rule_limited_to_service_and_category_needs_both() -> None:
    rule = shown("50", service="EC2", category="Compute")
    assert rated("2", [rule]) == 1
    assert rated("2", [rule], ServiceName="S3") == 2
    assert rated("2", [rule], ServiceCategory="Storage") == 2
    assert rated("2", [rule], ServiceName="ec2") == 2


@pytest.mark.parametrize("written", ["Tax", "tax", " TAX "])
def test_an_exclusion_matches_the_charge_type_without_regard_to_case(written: str) -> None:
    rule = ExclusionRule(token="x", title="x", charge_type=written)
    assert rated("9", [rule], ChargeCategory="Tax") == 0
    assert rated("9", [rule]) == 9


@pytest.mark.parametrize("column", ["ChargeClass", "x_ChargeType", "lineItem/LineItemType"])
def test_an_exclusion_also_matches_a_charge_class_or_a_raw_type(column: str) -> None:
    rule = ExclusionRule(token="x", title="x", charge_type="correction")
    assert rated("9", [rule], **{column: "Correction"}) == 0  # type: ignore[arg-type]


def test_dates_are_inclusive_on_both_sides() -> None:
    rule = shown("50", start_date=date(2026, 3, 10), end_date=date(2026, 3, 20))
    assert [rated("2", [rule], day) for day in (9, 10, 20, 21)] == [2, 1, 1, 2]
    assert program_of(rules=[rule], period=MARCH).cut_days == (date(2026, 3, 10), date(2026, 3, 21))


def test_dates_at_the_months_edges_cut_nothing() -> None:
    rule = shown("50", start_date=date(2026, 3, 1), end_date=date(2026, 3, 31))
    assert program_of(rules=[rule], period=MARCH).cut_days == ()


def test_a_rule_of_another_month_is_left_out_of_the_plan() -> None:
    rule = shown("50", service="EC2", end_date=date(2026, 2, 28))
    program = program_of(rules=[rule], period=MARCH)
    assert not program.changes_charges
    assert program.columns == frozenset()


def test_the_plan_names_the_columns_that_rules_look_at() -> None:
    rules = [shown("50", service="EC2"), shown("60", "s", category="Compute"), shown("70", "t")]
    of_category = {"ServiceCategory", "product/productFamily", "bill/BillingEntity"}
    assert program_of(rules=rules, period=MARCH).columns == {"ServiceName", *of_category}


def test_after_each_rule_the_cost_is_rounded_to_18_decimals_half_away_from_zero() -> None:
    assert rated("0.000000000000000001", [shown("50")]) == Decimal("0.000000000000000001")
    assert rated("-0.000000000000000001", [shown("50")]) == Decimal("-0.000000000000000001")
    assert rated("0.000000000000000001", [shown("49")]) == 0


def test_an_excluded_credit_is_a_plain_zero() -> None:
    assert str(rated("-9", [shown("0")])) == "0"
