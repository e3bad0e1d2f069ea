"""Execution groups."""

from datetime import date
from decimal import Decimal

import pytest

from billow.billingrules.order import check_order, in_execution_order, with_rule_placed
from billow.billingrules.program import UnableToOrderRules, program_of
from billow.billingrules.rule import AdjustmentRule, CreditRule, ExclusionRule
from billow.terms.period import BillingPeriod

MARKUP = AdjustmentRule(token="markup", title="Markup", percentage=Decimal(110))
NO_TAX = ExclusionRule(token="no-tax", title="No tax", charge_type="Tax")
GOODWILL = CreditRule(
    token="goodwill",
    title="Goodwill",
    service="Goodwill",
    category="Credit",
    sub_category="One-time",
    amount=Decimal(5),
    start_date=date(2026, 3, 1),
)


def test_a_credit_behind_an_adjustment_is_refused_naming_both() -> None:
    (issue,) = check_order(rules=[MARKUP, GOODWILL, NO_TAX])
    assert issue.message == (
        "Billing rules are not in execution group order: 'Goodwill' (group 2) must stand before 'Markup' (group 3)."
    )
    with pytest.raises(UnableToOrderRules, match="not in execution group order"):
        program_of(rules=[MARKUP, GOODWILL], period=BillingPeriod(2026, 3))


def test_inside_a_group_any_order_is_kept() -> None:
    assert check_order(rules=[GOODWILL, NO_TAX, MARKUP]) == check_order(rules=[GOODWILL, MARKUP, NO_TAX]) == ()
    assert in_execution_order(rules=[NO_TAX, MARKUP, GOODWILL, NO_TAX]) == (GOODWILL, NO_TAX, MARKUP)


def test_a_rule_for_everyone_goes_to_the_end_of_its_group_once() -> None:
    placed = with_rule_placed(rules=(MARKUP,), rule=GOODWILL)
    assert placed == (GOODWILL, MARKUP)
    assert with_rule_placed(rules=placed, rule=GOODWILL) == placed
    assert with_rule_placed(rules=placed, rule=NO_TAX) == (GOODWILL, MARKUP, NO_TAX)
