"""Adjustment: the customer is shown a percentage of the cost."""

from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache

from billow.billingrules.datasets import AMOUNT
from billow.billingrules.expression import Arithmetic, Column, Comparison, Dataset, Every, Kind, Number, Text
from billow.billingrules.rule import AdjustmentRule
from billow.billingrules.statement import Update
from billow.terms.issue import Issue

_AMOUNT = Column(dataset=Dataset.COSTS, name=AMOUNT, kind=Kind.NUMBER)


def adjustment_statement(*, rule: AdjustmentRule) -> Update:
    """Return the statement: cost times percentage over 100, where service and category fit."""
    return _statement(rule.percentage, rule.service, rule.category)


@lru_cache(maxsize=4_096)
def _statement(percentage: Decimal, service: str | None, category: str | None) -> Update:
    wanted = (("service", service), ("cost_category", category))
    conditions = tuple(
        Comparison(operator="=", left=Column(dataset=Dataset.COSTS, name=name, kind=Kind.TEXT), right=Text(value=value))
        for name, value in wanted
        if value is not None
    )
    factor = Number(value=percentage.scaleb(-2))
    return Update(
        dataset=Dataset.COSTS,
        assignments=((_AMOUNT, Arithmetic(operator="*", left=_AMOUNT, right=factor)),),
        where=Every(conditions=conditions) if conditions else None,
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
