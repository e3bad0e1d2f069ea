"""The support plans that come with Billow charge what AWS's price page says."""

from decimal import Decimal

import pytest

from billow.billingrules.rule import SupportFeeRule
from billow.billingrules.support_fee import check_support_fee, support_fee
from billow.billingrules.support_plans import support_plans


@pytest.mark.parametrize(
    ("name", "spend", "fee"),
    [
        ("developer", "2000", "60"),
        ("developer", "500", "29"),
        ("developer", "966.67", "29.0001"),
        ("business", "85000", "6150"),
        ("business", "500", "100"),
        ("business", "10000", "1000"),
        ("business", "10000.01", "1000.0007"),
        ("business", "80000", "5900"),
        ("business", "250000", "14400"),
        ("business", "300000", "15900"),
        ("business", "0", "100"),
        ("enterprise", "1200000", "70500"),
        ("enterprise", "100000", "15000"),
        ("enterprise", "150000", "15000"),
        ("enterprise", "2000000", "94500"),
    ],
)
def test_a_plan_charges_by_its_tiers_and_at_least_its_minimum(name: str, spend: str, fee: str) -> None:
    (plan,) = (plan for plan in support_plans() if plan.name == name)
    assert support_fee(spend=Decimal(spend), tiers=plan.tiers, minimum=plan.minimum) == Decimal(fee)


def test_every_plan_makes_a_sound_rule_and_says_where_it_is_from() -> None:
    for plan in support_plans():
        rule = SupportFeeRule(
            token="r",
            title=plan.title,
            service="Support",
            category="Support",
            sub_category="Monthly",
            tiers=plan.tiers,
            minimum=plan.minimum,
            per_account=plan.per_account,
            provider=plan.provider,
        )
        assert list(check_support_fee(rule=rule)) == []
        assert plan.source
    assert {plan.name: plan.per_account for plan in support_plans()} == {
        "developer": True,
        "business": True,
        "enterprise": False,
    }
