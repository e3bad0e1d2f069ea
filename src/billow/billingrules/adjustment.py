"""Adjustment: the customer is shown a percentage of the cost."""

from collections.abc import Iterable

from billow.billingrules.rule import AdjustmentRule
from billow.billingrules.step import Multiply, Test
from billow.terms.issue import Issue


def adjustment_step(*, rule: AdjustmentRule) -> Multiply:
    """Return the step: cost times percentage over 100, where service and category fit."""
    wanted = (("ServiceName", rule.service), ("ServiceCategory", rule.category))
    return Multiply(
        rule_token=rule.token,
        factor=rule.percentage.scaleb(-2),
        where=tuple(Test(columns=(column,), value=value) for column, value in wanted if value is not None),
        start_date=rule.start_date,
        end_date=rule.end_date,
    )


def check_adjustment(*, rule: AdjustmentRule) -> Iterable[Issue]:
    """Yield what is wrong with the rule's own fields."""
    if not rule.percentage.is_finite() or rule.percentage < 0:
        yield Issue(
            "negative_percentage",
            f"Percentage is {rule.percentage}; enter 0 or more: 75 shows three quarters of the cost, 110 adds 10 %",
            column="percentage",
            value=str(rule.percentage),
        )
    for column, value in (("service", rule.service), ("category", rule.category)):
        if value is not None and not value.strip():
            yield Issue(
                "blank_field", f"{column.capitalize()} is blank; leave it out to mean any", column=column, value=""
            )
