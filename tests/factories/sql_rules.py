"""Statements of rules as values, in few words."""

from decimal import Decimal

from billow.billingrules.datasets import find_column
from billow.billingrules.expression import (
    Arithmetic,
    Column,
    Comparison,
    Condition,
    Dataset,
    Either,
    Every,
    Membership,
    Number,
    Pattern,
    Text,
    Value,
)
from billow.billingrules.statement import Delete, InsertValues, Update


def aws(name: str) -> Column:
    column = find_column(Dataset.AWS, name=name)
    assert column is not None
    return column


def costs(name: str) -> Column:
    column = find_column(Dataset.COSTS, name=name)
    assert column is not None
    return column


def number(text: str) -> Number:
    return Number(value=Decimal(text))


def text(value: str) -> Text:
    return Text(value=value)


def times(value: Value, factor: str) -> Arithmetic:
    return Arithmetic(operator="*", left=value, right=number(factor))


def equal(column: Value, value: str) -> Comparison:
    return Comparison(operator="=", left=column, right=text(value))


def unequal(column: Value, value: str) -> Comparison:
    return Comparison(operator="!=", left=column, right=text(value))


def like(column: Value, pattern: str) -> Pattern:
    return Pattern(operand=column, pattern=text(pattern))


def within(column: Value, *values: str) -> Membership:
    return Membership(operand=column, values=tuple(text(value) for value in values))


def every(*conditions: Condition) -> Every:
    return Every(conditions=conditions)


def either(*conditions: Condition) -> Either:
    return Either(conditions=conditions)


def update(*assignments: tuple[Column, Value], where: Condition | None = None) -> Update:
    return Update(dataset=assignments[0][0].dataset, assignments=assignments, where=where)


def delete(where: Condition) -> Delete:
    dataset = Dataset.AWS if "Dataset.AWS" in repr(where) else Dataset.COSTS
    return Delete(dataset=dataset, where=where)


def inserted(**values: str | int) -> InsertValues:
    return InsertValues(
        values={name: text(value) if isinstance(value, str) else number(str(value)) for name, value in values.items()}
    )
