"""Exclusion: charges of a charge type cost the customer nothing."""

from collections.abc import Iterable
from decimal import Decimal

from billow.billingrules.rule import ExclusionRule
from billow.billingrules.step import Multiply, Test
from billow.terms.issue import Issue

CHARGE_TYPE_COLUMNS = (
    "ChargeCategory",
    "ChargeClass",
    "x_ChargeType",
    "x_CostType",
    "lineItem/LineItemType",
    "line_item_line_item_type",
)
"""Where a charge type may stand: FOCUS's columns, and the raw types that providers deliver beside them."""


def exclusion_step(*, rule: ExclusionRule) -> Multiply:
    """Return the step: the groups stay, at zero, so that what was left out can be explained."""
    return Multiply(
        rule_token=rule.token,
        factor=Decimal(0),
        where=(Test(columns=CHARGE_TYPE_COLUMNS, value=rule.charge_type.strip(), fold_case=True),),
        start_date=rule.start_date,
        end_date=rule.end_date,
    )


def check_exclusion(*, rule: ExclusionRule) -> Iterable[Issue]:
    """Yield what is wrong with the rule's own fields."""
    if not rule.charge_type.strip():
        yield Issue("blank_field", "Charge type is required for exclusion rules", column="charge_type", value="")
