"""Expressions made into functions of a row, once for each rule.

Texts and numbers that stand in a row are read as docs/rules.md says: a missing text is the empty text, a missing
number 0. A number may be asked for as it is (``number_of``) or as a combination of amounts yet to be added up
(``linear_of``).
"""

import re
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal, DecimalException
from typing import TypeVar

from billow.billingrules.expression import (
    Arithmetic,
    Call,
    Case,
    Cast,
    Column,
    Comparison,
    Concatenation,
    Condition,
    Constant,
    Either,
    Every,
    Function,
    IsMissing,
    Kind,
    Membership,
    Missing,
    Number,
    Opposite,
    Pattern,
    Sum,
    Tested,
    Text,
    Value,
    columns_in,
)
from billow.billingrules.facts import Row
from billow.billingrules.failed import RuleFailed
from billow.billingrules.like import matcher
from billow.billingrules.linear import NOTHING, Linear, amount_named, per_charge

MOST_TEXT = 4_000
_ZERO = Decimal(0)
_MOST_PLACES = 18

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)")

ReadsText = Callable[[Row], str | None]
ReadsNumber = Callable[[Row], Decimal | None]
ReadsLinear = Callable[[Row], Linear]
Holds = Callable[[Row], bool]
_Made = TypeVar("_Made")


def kind_of(value: Value) -> Kind | None:  # noqa: PLR0911 - one for each kind of node
    """Return what kind of value it is; None for NULL, which is of any."""
    match value:
        case Text() | Concatenation():
            return Kind.TEXT
        case Number() | Arithmetic() | Sum():
            return Kind.NUMBER
        case Column() | Cast() | Case():
            return value.kind
        case Call(function=Function.LOWER | Function.UPPER | Function.SUBSTR):
            return Kind.TEXT
        case Call(function=Function.COALESCE):
            return next((kind for kind in map(kind_of, value.arguments) if kind), None)
        case Call():
            return Kind.NUMBER
    return None


def text_of(value: Value) -> ReadsText:  # noqa: PLR0911 - one for each kind of node
    """Return what reads the text, None where there is none."""
    match value:
        case Text(value=text):
            return lambda _row: text
        case Missing():
            return lambda _row: None
        case Column(name=name):
            return lambda row: row.get(name) or ""
        case Concatenation(parts=parts):
            return _joined([text_of(part) for part in parts])
        case Cast(operand=operand):
            return _as_text(operand)
        case Case():
            return _chosen(value, text_of)
        case Call(function=function, arguments=arguments):
            return _text_call(function, arguments)
    raise TypeError(f"{value} is not a text")


def number_of(value: Value) -> ReadsNumber:  # noqa: PLR0911 - one for each kind of node
    """Return what reads the number, None where there is none; raises RuleFailed while reading."""
    match value:
        case Number(value=number):
            return lambda _row: number
        case Missing():
            return lambda _row: None
        case Column(name=name):
            return lambda row: row.get(name) or _ZERO
        case Arithmetic():
            return _arithmetic(value)
        case Cast(operand=operand):
            return number_of(operand) if kind_of(operand) is Kind.NUMBER else _read_number(text_of(operand))
        case Case():
            return _chosen(value, number_of)
        case Call(function=function, arguments=arguments):
            return _number_call(function, arguments)
    raise TypeError(f"{value} is not a number")


def linear_of(value: Value) -> ReadsLinear:  # noqa: PLR0911 - one for each kind of node
    """Return what reads the number as a combination of amounts; only for values that ``is_linear``."""
    if is_scalar(value):
        read = number_of(value)
        return lambda row: per_charge(read(row) or _ZERO)
    match value:
        case Column(name=name):
            amount = amount_named(name)
            return lambda _row: amount
        case Cast(operand=operand):
            return linear_of(operand)
        case Case():
            chosen = _chosen(value, linear_of)
            return lambda row: chosen(row) or NOTHING
        case Arithmetic(operator="+" | "-" as operator, left=left, right=right):
            sign = Decimal(1 if operator == "+" else -1)
            one, other = linear_of(left), linear_of(right)
            return lambda row: one(row).plus(other(row), factor=sign)
        case Arithmetic(operator="*", left=left, right=right):
            amount_side, scalar_side = (right, left) if is_scalar(left) else (left, right)
            amounts, scalar = linear_of(amount_side), number_of(scalar_side)
            return lambda row: amounts(row).times(scalar(row) or _ZERO)
        case Arithmetic(operator="/", left=left, right=right):
            dividend, divisor = linear_of(left), number_of(right)
            return lambda row: dividend(row).over(divisor(row) or _ZERO)
    raise TypeError(f"{value} is not a combination of amounts")


def condition_of(condition: Condition) -> Holds:  # noqa: PLR0911 - one for each kind of node
    """Return what tells whether the condition holds; raises RuleFailed while telling."""
    match condition:
        case Comparison():
            return _comparison(condition)
        case Membership():
            return _membership(condition)
        case Pattern(operand=operand, pattern=Text(value=pattern)):
            read, matches = text_of(operand), matcher(pattern)
            return lambda row: matches(read(row) or "")
        case Pattern(operand=operand, pattern=pattern):
            read, wanted = text_of(operand), text_of(pattern)
            return lambda row: matcher(wanted(row) or "")(read(row) or "")
        case IsMissing(operand=operand):
            given = number_of(operand) if kind_of(operand) is Kind.NUMBER else text_of(operand)
            return lambda row: given(row) in (None, "")
        case Every(conditions=conditions):
            return _all_of([condition_of(each) for each in conditions])
        case Either(conditions=conditions):
            either = [condition_of(each) for each in conditions]
            return lambda row: any(holds(row) for holds in either)
        case Opposite(condition=other):
            holds_not = condition_of(other)
            return lambda row: not holds_not(row)
        case Constant(holds=constant):
            return lambda _row: constant
        case Tested():
            return _tested(condition)
    raise TypeError(f"{condition} is not a condition")


def is_scalar(value: Value | Condition) -> bool:
    """Tell whether a value or condition looks at no amount."""
    return all(column.kind is Kind.TEXT for column in columns_in(value))


def is_linear(value: Value) -> bool:  # noqa: PLR0911 - one for each kind of node
    """Tell whether a number is the same made of sums as summed up when made of each charge."""
    if is_scalar(value):
        return True
    match value:
        case Column():
            return True
        case Cast(operand=operand, kind=Kind.NUMBER):
            return is_linear(operand)
        case Case(branches=branches, otherwise=otherwise):
            conditions = (condition for condition, _ in branches)
            return all(map(is_scalar, conditions)) and all(map(is_linear, (*(v for _, v in branches), otherwise)))
        case Arithmetic(operator="+" | "-", left=left, right=right):
            return is_linear(left) and is_linear(right)
        case Arithmetic(operator="*", left=left, right=right):
            return (is_scalar(left) and is_linear(right)) or (is_linear(left) and is_scalar(right))
        case Arithmetic(operator="/", left=left, right=right):
            return is_linear(left) and is_scalar(right)
    return False


def _all_of(every: Sequence[Holds]) -> Holds:
    if len(every) == _PAIR:
        first, second = every
        return lambda row: first(row) and second(row)
    return lambda row: all(holds(row) for holds in every)


_PAIR = 2


def _tested(tested: Tested) -> Holds:
    """Return what looks the number up, or asks the condition where the engine gave the text, behind ``=``."""
    holds, answer, number = condition_of(tested.condition), tested.column.name, f",{tested.number},"
    (name,) = (column.name for column in columns_in(tested.condition))

    def told(row: Row) -> bool:
        said: str = row[answer]
        return holds({name: said[1:]}) if said.startswith("=") else number in said

    return told


def _comparison(condition: Comparison) -> Holds:
    left, right = condition.left, condition.right
    compare = _COMPARISONS[condition.operator]
    if Kind.NUMBER in {kind_of(left), kind_of(right)}:
        number, other = number_of(left), number_of(right)
        return lambda row: compare(number(row) or _ZERO, other(row) or _ZERO)
    text, wanted = text_of(left), text_of(right)
    if isinstance(right, Text):
        constant = right.value
        if condition.operator == "=":
            return lambda row: (text(row) or "") == constant
        return lambda row: compare(text(row) or "", constant)
    return lambda row: compare(text(row) or "", wanted(row) or "")


_COMPARISONS: dict[str, Callable[[object, object], bool]] = {
    "=": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left < right,  # type: ignore[operator]
    "<=": lambda left, right: left <= right,  # type: ignore[operator]
    ">": lambda left, right: left > right,  # type: ignore[operator]
    ">=": lambda left, right: left >= right,  # type: ignore[operator]
}


def _membership(condition: Membership) -> Holds:
    if kind_of(condition.operand) is Kind.NUMBER:
        number, numbers = number_of(condition.operand), [number_of(value) for value in condition.values]
        return lambda row: any((number(row) or _ZERO) == (each(row) or _ZERO) for each in numbers)
    text = text_of(condition.operand)
    constants = frozenset(value.value for value in condition.values if isinstance(value, Text))
    others = [text_of(value) for value in condition.values if not isinstance(value, Text)]
    if not others:
        return lambda row: (text(row) or "") in constants
    return lambda row: (text(row) or "") in constants or any((text(row) or "") == (o(row) or "") for o in others)


def _chosen(case: Case, read: Callable[[Value], Callable[[Row], _Made]]) -> Callable[[Row], _Made]:
    branches = [(condition_of(condition), read(value)) for condition, value in case.branches]
    otherwise = read(case.otherwise)

    def choose(row: Row) -> _Made:
        for holds, value in branches:
            if holds(row):
                return value(row)
        return otherwise(row)

    return choose


def _arithmetic(value: Arithmetic) -> ReadsNumber:
    left, right = number_of(value.left), number_of(value.right)
    operator = value.operator

    def calculate(row: Row) -> Decimal:
        one, other = left(row) or _ZERO, right(row) or _ZERO
        try:
            if operator == "+":
                return one + other
            if operator == "-":
                return one - other
            if operator == "*":
                return one * other
            if not other:
                raise RuleFailed("a division by zero")
            return one / other
        except DecimalException as error:
            raise RuleFailed("a number that is too large") from error

    return calculate


def _joined(parts: Sequence[ReadsText]) -> ReadsText:
    return lambda row: _not_too_long("".join([part(row) or "" for part in parts]))


def _not_too_long(text: str) -> str:
    if len(text) > MOST_TEXT:
        raise RuleFailed(f"a text of more than {MOST_TEXT:,} characters")
    return text


def _as_text(operand: Value) -> ReadsText:
    if kind_of(operand) is not Kind.NUMBER:
        return text_of(operand)
    number = number_of(operand)

    def written(row: Row) -> str | None:
        found = number(row)
        return None if found is None else _not_too_long(f"{found.normalize():f}")

    return written


def _read_number(text: ReadsText) -> ReadsNumber:
    return lambda row: _parsed(text(row))


def _parsed(text: str | None) -> Decimal | None:
    if not text:
        return None
    # Python reads more as numbers than people mean: 1_000, digits of other scripts, exponents, infinity.
    if not _NUMBER.fullmatch(text):
        raise RuleFailed(f"the text {text[:40]!r} where a number is needed")
    return Decimal(text)


def _text_call(function: Function, arguments: Sequence[Value]) -> ReadsText:
    if function is Function.COALESCE:
        given = [text_of(argument) for argument in arguments]
        return lambda row: next((text for read in given if (text := read(row))), None)
    text = text_of(arguments[0])
    if function is Function.SUBSTR:
        return _substring(text, [number_of(argument) for argument in arguments[1:]])
    # Upper case can be longer: the German sharp s becomes two letters.
    change = str.lower if function is Function.LOWER else str.upper
    return lambda row: _not_too_long(change(text(row) or ""))


def _substring(text: ReadsText, places: Sequence[ReadsNumber]) -> ReadsText:
    """Count characters from 1, from the end if the start is negative, as SQL does."""

    def cut(row: Row) -> str:
        whole = text(row) or ""
        start, *lengths = (_whole(place(row) or _ZERO) for place in places)
        first = start - 1 if start > 0 else max(len(whole) + start, 0) if start < 0 else 0
        if not lengths:
            return whole[first:]
        if lengths[0] < 0:
            raise RuleFailed("a negative length in SUBSTR")
        missing = 1 if start == 0 else 0  # place 0 is the one before the first character
        return whole[first : first + max(lengths[0] - missing, 0)]

    return cut


def _whole(number: Decimal) -> int:
    if number != number.to_integral_value() or abs(number) > MOST_TEXT:
        raise RuleFailed(f"the number {number} where a whole one up to {MOST_TEXT:,} is needed")
    return int(number)


def _number_call(function: Function, arguments: Sequence[Value]) -> ReadsNumber:
    given = [number_of(argument) for argument in arguments]
    if function is Function.COALESCE:
        return lambda row: next((number for read in given if (number := read(row)) is not None), None)
    if function is Function.ABS:
        return lambda row: abs(given[0](row) or _ZERO)
    if function is Function.ROUND:
        return _rounded(given)
    choose = min if function is Function.LEAST else max
    return lambda row: choose([read(row) or _ZERO for read in given])


def _rounded(given: Sequence[ReadsNumber]) -> ReadsNumber:
    def rounded(row: Row) -> Decimal:
        number = given[0](row) or _ZERO
        places = _whole(given[1](row) or _ZERO) if len(given) > 1 else 0
        if abs(places) > _MOST_PLACES:
            raise RuleFailed(f"ROUND to {places} places; at most {_MOST_PLACES} are kept")
        return number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP) + _ZERO

    return rounded
