"""Execution groups."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from billow.billingrules.order import (
    check_order,
    group_or_none,
    in_execution_order,
    with_rule_changed,
    with_rule_placed,
)
from billow.billingrules.program import UnableToOrderRules, program_of
from billow.billingrules.rule import AdjustmentRule, CreditRule, CustomRule, ExclusionRule
from billow.billingrules.statements import UnableToReadRule
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


def test_a_changed_rule_keeps_its_place_unless_it_moves_to_another_group() -> None:
    cheaper = replace(MARKUP, percentage=Decimal(105))
    assert with_rule_changed(rules=(GOODWILL, MARKUP, NO_TAX), rule=cheaper) == (GOODWILL, cheaper, NO_TAX)
    booked = replace(GOODWILL, token="markup")
    assert with_rule_changed(rules=(GOODWILL, MARKUP, NO_TAX), rule=booked) == (GOODWILL, booked, NO_TAX)
    assert with_rule_changed(rules=(MARKUP, NO_TAX), rule=GOODWILL) == (MARKUP, NO_TAX)


@pytest.mark.parametrize(
    ("sql", "group"),
    [
        ("UPDATE aws SET aws.lineItem/UnblendedCost = 0", 1),
        ("DELETE FROM aws", 1),
        ("INSERT INTO costs (provider, service, cost_type, amount) VALUES ('aws', 'S', 'Fee', 1)", 2),
        ("UPDATE costs SET costs.amount = 0", 3),
        ("DELETE FROM costs", 3),
        (
            "INSERT INTO costs (provider, service, cost_type, amount) SELECT 'aws', 'S', 'Fee', SUM(costs.amount) "
            "FROM costs",
            4,
        ),
    ],
)
def test_sql_runs_in_the_group_of_what_it_does(sql: str, group: int) -> None:
    assert group_or_none(rule=CustomRule(token="c", title="Custom", sql_query=sql)) == group


def test_sql_that_is_not_understood_has_no_group() -> None:
    rule = CustomRule(token="c", title="Islands", sql_query="SELECT 1")
    assert group_or_none(rule=rule) is None
    with pytest.raises(UnableToReadRule, match="The SQL of Islands cannot be run: Line 1, column 1"):
        check_order(rules=[rule])
    changed = replace(rule, sql_query="DELETE FROM costs")
    assert with_rule_changed(rules=(MARKUP, rule, NO_TAX), rule=changed) == (MARKUP, NO_TAX, changed)
