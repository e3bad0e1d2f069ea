"""Rules as people enter them."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from billow.billingrules.check import check_rule
from billow.billingrules.rule import AdjustmentRule, BillingRule, ChargeRule, ExclusionRule

EXCLUSION = ExclusionRule(token="r", title="No tax", charge_type="Tax")
ADJUSTMENT = AdjustmentRule(token="r", title="Markup", percentage=Decimal(110))
CHARGE = ChargeRule(
    token="r",
    title="Fee",
    service="Support",
    category="Fee",
    sub_category="Monthly",
    amount=Decimal(1),
    start_date=date(2026, 3, 1),
)


@pytest.mark.parametrize("rule", [EXCLUSION, ADJUSTMENT, CHARGE, replace(ADJUSTMENT, percentage=Decimal(0))])
def test_sound_rules_pass(rule: BillingRule) -> None:
    assert check_rule(rule=rule) == ()


@pytest.mark.parametrize(
    ("rule", "column", "words"),
    [
        (replace(EXCLUSION, title=" "), "title", "Title can't be blank"),
        (replace(EXCLUSION, charge_type=""), "charge_type", "Charge type is required"),
        (replace(ADJUSTMENT, percentage=Decimal("-1")), "percentage", "enter 0 or more"),
        (replace(ADJUSTMENT, percentage=Decimal("NaN")), "percentage", "enter 0 or more"),
        (replace(ADJUSTMENT, service=" "), "service", "leave it out to mean any"),
        (replace(CHARGE, amount=Decimal(0)), "amount", "enter a positive number"),
        (replace(CHARGE, sub_category=""), "sub_category", "are required"),
        (replace(CHARGE, end_date=date(2026, 2, 28)), "end_date", "before it starts on 2026-03-01"),
    ],
)
def test_each_fault_names_its_field_and_the_remedy(rule: BillingRule, column: str, words: str) -> None:
    (issue,) = check_rule(rule=rule)
    assert issue.column == column
    assert words in issue.message
