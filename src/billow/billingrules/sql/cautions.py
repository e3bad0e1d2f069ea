"""Statements that are understood and allowed, but probably do not do what was meant."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from billow.billingrules.datasets import ACCRUED_AT, AMOUNT, AMOUNTS_OF_AWS
from billow.billingrules.expression import (
    Arithmetic,
    Case,
    Column,
    Comparison,
    Condition,
    Constant,
    Dataset,
    Kind,
    Membership,
    Node,
    Number,
    Opposite,
    Text,
    Value,
    columns_in,
    parts_of,
)
from billow.billingrules.sql.faults import Place, caution
from billow.billingrules.statement import Delete, Statement, Update
from billow.terms.cur import KIND_BY_NAME, LINE_ITEM_TYPE
from billow.terms.focus import ColumnKind
from billow.terms.issue import Issue

_UNBLENDED_COST = "lineItem/UnblendedCost"
_DISCOUNTED_USAGE = "DiscountedUsage"
_MARKETPLACE = "AWS Marketplace"
_DAYS = frozenset({ACCRUED_AT, *(name for name, kind in KIND_BY_NAME.items() if kind is ColumnKind.TIME)})
_SMALLEST_FACTOR, _LARGEST_FACTOR = Decimal("0.5"), Decimal(2)


def cautions_of_comparison(values: Sequence[Value], *, place: Place) -> Iterator[Issue]:
    """Yield what is doubtful about values that are compared."""
    columns = frozenset().union(*(columns_in(value) for value in values))
    for column in sorted(columns, key=lambda column: column.name):
        if column.name in _DAYS:
            yield caution(
                "date_compared",
                place=place,
                message=f"{column.dataset}.{column.name} is a day; better use the rule's start and "
                "end date, which limit what a rule touches",
                value=column.name,
            )
        if column.name == "cost_type" and any(isinstance(v, Text) and v.value == _MARKETPLACE for v in values):
            yield caution(
                "marketplace_cost_type",
                place=place,
                message=f"no charge has the cost_type '{_MARKETPLACE}'; write costs.cost_category = '{_MARKETPLACE}', "
                f"or aws.bill/BillingEntity = '{_MARKETPLACE}'",
                value=_MARKETPLACE,
            )


def caution_of_missing_number(*, place: Place) -> Issue:
    """Return the warning that a number is asked whether it is missing."""
    return caution(
        "number_never_missing", place=place, message="a missing number reads as 0, so this never holds; write = 0"
    )


def cautions_of_statement(statement: Statement, *, place: Place) -> Iterator[Issue]:
    """Yield what is doubtful about a statement as a whole."""
    if isinstance(statement, Delete) and _is_always(statement.where):
        yield caution(
            "deletes_everything",
            place=place,
            message=f"this takes away all charges of {statement.dataset}; add WHERE if only some are meant",
        )
    if isinstance(statement, Update):
        for column, value in statement.assignments:
            yield from _cautions_of_assignment(column, value, where=statement.where, place=place)
        if _retypes_discounted_usage(statement):
            yield caution(
                "discounted_usage_retyped",
                place=place,
                message=f"{_DISCOUNTED_USAGE} has an unblended cost of 0; a line that becomes Usage costs its public "
                f"on-demand price unless the rule also sets aws.{_UNBLENDED_COST}, as = aws.pricing/publicOnDemandCost",
                value=_DISCOUNTED_USAGE,
            )


def _cautions_of_assignment(column: Column, value: Value, *, where: Condition | None, place: Place) -> Iterator[Issue]:
    is_amount = column.kind is Kind.NUMBER and column.name in {AMOUNT, *AMOUNTS_OF_AWS}
    if is_amount and isinstance(value, Number) and _is_always(where):
        yield caution(
            "sets_everything",
            place=place,
            message=f"this gives every charge the same {column.name}; add WHERE if only some are meant",
            value=column.name,
        )
    factors = dict.fromkeys(_factor(column, branch) for branch in _branches(value)) if is_amount else {}
    for factor in factors:
        if factor is None or _SMALLEST_FACTOR <= factor <= _LARGEST_FACTOR:
            continue
        yield caution(
            "unusual_factor",
            place=place,
            message=f"{column.dataset}.{column.name} times {factor} leaves {(factor * 100).normalize():f} % of it; "
            f"{_meant(factor)}",
            value=f"{factor:f}",
        )


def _meant(factor: Decimal) -> str:
    """Say how to write what the factor was probably meant to do: 0.095 to take 9.5 % off, 10 to add 10 %."""
    percent = factor * 100 if factor < 1 else factor
    if not 0 < percent < 100:
        return "10 % off is written * 0.90, 10 % on top * 1.10"
    off, on_top = (f"{(1 + sign * percent / 100).normalize():f}" for sign in (-1, 1))
    return f"{percent.normalize():f} % off is written * {off}, {percent.normalize():f} % on top * {on_top}"


def _branches(value: Value) -> Iterator[Value]:
    """Yield what a value can be: itself, or what the branches of its cases say."""
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, Case):
            waiting.extend(reversed([*(said for _, said in value.branches), value.otherwise]))
        else:
            yield value


def _factor(column: Column, value: Value) -> Decimal | None:
    match value:
        case Arithmetic(operator="*", left=left, right=Number(value=factor)) if left == column:
            return factor
        case Arithmetic(operator="*", left=Number(value=factor), right=right) if right == column:
            return factor
        case Arithmetic(operator="/", left=left, right=Number(value=divisor)) if left == column and divisor:
            return round(1 / divisor, 6).normalize()
    return None


def _is_always(where: Condition | None) -> bool:
    return where is None or where == Constant(holds=True)


def _retypes_discounted_usage(statement: Update) -> bool:
    given = {column.name: value for column, value in statement.assignments}
    if statement.dataset is not Dataset.AWS or _UNBLENDED_COST in given:
        return False
    return given.get(LINE_ITEM_TYPE) == Text(value="Usage") and _may_choose_discounted_usage(statement.where)


def _may_choose_discounted_usage(where: Condition | None) -> bool:
    """Tell whether a condition names discounted usage, or leaves the line's type open."""
    if where is None:
        return True
    tests = [node for node in _nodes(where) if isinstance(node, Comparison | Membership) and _tests_type(node)]
    named = [node for node in tests if Text(value=_DISCOUNTED_USAGE) in parts_of(node)]
    return bool(named) or not tests


def _tests_type(node: Comparison | Membership) -> bool:
    return any(isinstance(part, Column) and part.name == LINE_ITEM_TYPE for part in parts_of(node))


def _nodes(node: Node) -> Iterator[Node]:
    waiting: list[Node] = [node]
    while waiting:
        node = waiting.pop()
        yield node
        # What a denial names is what is not chosen.
        if not isinstance(node, Opposite):
            waiting.extend(parts_of(node))
