"""What a rule's values and conditions say of one charge, worked out naively.

Between two roundings numbers are exact fractions; whatever is kept is a decimal. A missing text is the empty text.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from billow.billingrules.expression import (
    Arithmetic,
    Call,
    Case,
    Cast,
    Column,
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
)

COUNT = "number of charges"
Form = dict[str, Fraction]
"""Factors by the amount they are multiplied with: what a number is made of, as long as nothing decides by amounts."""


class Fails(Exception):
    """The rule cannot be carried out."""


class NotSaid(Exception):
    """The documentation leaves open what is meant, so nothing can be compared."""


@dataclass
class Seen:
    """What an expression sees: texts by name, numbers by name, and sums once they are known."""

    text: Callable[[str], str]
    numbers: dict[str, Decimal]
    sums: dict[Sum, Fraction] = field(default_factory=dict)


def text_of(value: Value, seen: Seen) -> str:
    text = _text_of(value, seen)
    if len(text) > 4_000:
        raise Fails("a text that is too long")
    return text


def _text_of(value: Value, seen: Seen) -> str:
    if isinstance(value, Text):
        return value.value
    if isinstance(value, Missing):
        return ""
    if isinstance(value, Column):
        return seen.text(value.name)
    if isinstance(value, Concatenation):
        return "".join(text_of(part, seen) for part in value.parts)
    if isinstance(value, Case):
        return text_of(_branch(value, seen), seen)
    if isinstance(value, Cast):
        if not is_number(value.operand):
            return text_of(value.operand, seen)
        number = number_of(value.operand, seen)
        return "" if number is None else _written(number)
    assert isinstance(value, Call), value
    if value.function is Function.COALESCE:
        return next((text for each in value.arguments if (text := text_of(each, seen))), "")
    whole = text_of(value.arguments[0], seen)
    if value.function is Function.LOWER:
        return whole.lower()
    if value.function is Function.UPPER:
        return whole.upper()
    assert value.function is Function.SUBSTR
    start, *length = (int(number_of(each, seen) or 0) for each in value.arguments[1:])
    # Characters stand at places 1, 2, …; from the end at -1, -2, …
    places = range(1, len(whole) + 1)
    first = start if start >= 0 else max(len(whole) + 1 + start, 1)
    last = first + length[0] - 1 if length else len(whole)
    return "".join(whole[place - 1] for place in places if first <= place <= last)


def _written(number: Fraction) -> str:
    text = f"{Decimal(number.numerator) / Decimal(number.denominator):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def is_number(value: Value) -> bool:
    if isinstance(value, Column | Cast | Case):
        return value.kind is Kind.NUMBER
    if isinstance(value, Call):
        if value.function is Function.COALESCE:
            return any(is_number(each) for each in value.arguments)
        return value.function in {Function.ABS, Function.ROUND, Function.LEAST, Function.GREATEST}
    return isinstance(value, Number | Arithmetic | Sum)


def number_of(value: Value, seen: Seen) -> Fraction | None:
    """Work a number out; None where a text that is missing was to be read as one, or NULL was written."""
    if isinstance(value, Number):
        return Fraction(value.value)
    if isinstance(value, Missing):
        return None
    if isinstance(value, Column):
        return Fraction(seen.numbers.get(value.name) or 0)
    if isinstance(value, Sum):
        return seen.sums[value]
    if isinstance(value, Case):
        return number_of(_branch(value, seen), seen)
    if isinstance(value, Cast):
        return number_of(value.operand, seen) if is_number(value.operand) else _parsed(text_of(value.operand, seen))
    if isinstance(value, Arithmetic):
        return _calculated(value.operator, _plain(value.left, seen), _plain(value.right, seen))
    assert isinstance(value, Call), value
    if value.function is Function.COALESCE:
        return next((found for each in value.arguments if (found := number_of(each, seen)) is not None), None)
    numbers = [_plain(each, seen) for each in value.arguments]
    if value.function is Function.ABS:
        return abs(numbers[0])
    if value.function is Function.LEAST:
        return min(numbers)
    if value.function is Function.GREATEST:
        return max(numbers)
    assert value.function is Function.ROUND
    return Fraction(rounded(numbers[0], int(numbers[1]) if len(numbers) > 1 else 0))


def _plain(value: Value, seen: Seen) -> Fraction:
    return number_of(value, seen) or Fraction(0)


def _parsed(text: str) -> Fraction | None:
    if not text:
        return None
    if not re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)", text):
        raise Fails(f"{text} is no number")
    return Fraction(text)


def _calculated(operator: str, left: Fraction, right: Fraction) -> Fraction:
    if operator == "+":
        return left + right
    if operator == "-":
        return left - right
    if operator == "*":
        return left * right
    if not right:
        raise Fails("a division by zero")
    return left / right


def rounded(number: Fraction, places: int = 18) -> Decimal:
    """Round to decimal places, halves away from zero."""
    units = abs(number) * 10**places
    whole = units.numerator // units.denominator
    if (units - whole) * 2 >= 1:
        whole += 1
    return Decimal(whole if number >= 0 else -whole).scaleb(-places) + 0


def kept(number: Fraction) -> Decimal:
    """Round an amount as it is kept, or fail if it does not fit."""
    if abs(number) >= 10**20:
        raise Fails("an amount that is too large")
    return rounded(number)


def holds(condition: Condition, seen: Seen) -> bool:
    if isinstance(condition, Constant):
        return condition.holds
    if isinstance(condition, Every):
        return all(holds(each, seen) for each in condition.conditions)
    if isinstance(condition, Either):
        return any(holds(each, seen) for each in condition.conditions)
    if isinstance(condition, Opposite):
        return not holds(condition.condition, seen)
    if isinstance(condition, IsMissing):
        if is_number(condition.operand):
            return number_of(condition.operand, seen) is None
        return text_of(condition.operand, seen) == ""
    if isinstance(condition, Membership):
        return any(_compared("=", condition.operand, each, seen) for each in condition.values)
    if isinstance(condition, Pattern):
        return is_like(text_of(condition.operand, seen), text_of(condition.pattern, seen))
    assert not isinstance(condition, Tested), "what people write has no tests"
    return _compared(condition.operator, condition.left, condition.right, seen)


def _compared(operator: str, left: Value, right: Value, seen: Seen) -> bool:
    one: Fraction | str
    other: Fraction | str
    if is_number(left) or is_number(right):
        one, other = _plain(left, seen), _plain(right, seen)
    else:
        one, other = text_of(left, seen), text_of(right, seen)
    less, same = one < other, one == other  # type: ignore[operator]
    return {"=": same, "!=": not same, "<": less, "<=": less or same, ">": not less and not same, ">=": not less}[
        operator
    ]


def is_like(text: str, pattern: str) -> bool:
    """Compare letter by letter, keeping every place in the pattern that is reached so far."""
    if len(pattern) > 1_000:
        raise Fails("a pattern that is too long")
    places = _past_percents({0}, pattern)
    for letter in text:
        inside = [place for place in places if place < len(pattern)]
        stays = {place for place in inside if pattern[place] == "%"}
        steps = {place + 1 for place in inside if place not in stays and pattern[place] in (letter, "_")}
        places = _past_percents(stays | steps, pattern)
    return len(pattern) in places


def _past_percents(places: set[int], pattern: str) -> set[int]:
    """Add the places behind each %, which may stand for nothing."""
    found = set(places)
    for place in places:
        behind = place
        while pattern[behind : behind + 1] == "%":
            behind += 1
            found.add(behind)
    return found


def _branch(case: Case, seen: Seen) -> Value:
    return next((value for condition, value in case.branches if holds(condition, seen)), case.otherwise)


def form_of(value: Value, seen: Seen) -> Form:
    """Give the factors of the amounts that a number is made of; one that looks at none is meant per charge."""
    if not numbers_in(value):
        number = number_of(value, seen)
        return {COUNT: number} if number else {}
    if isinstance(value, Column):
        return {value.name: Fraction(1)}
    if isinstance(value, Case):
        return form_of(_branch(value, seen), seen)
    if isinstance(value, Cast):
        return form_of(value.operand, seen)
    assert isinstance(value, Arithmetic), value
    if value.operator in "+-":
        sign = 1 if value.operator == "+" else -1
        left, right = form_of(value.left, seen), form_of(value.right, seen)
        return _clean({name: left.get(name, 0) + sign * right.get(name, Fraction(0)) for name in {*left, *right}})
    amount, factor = (value.left, value.right) if numbers_in(value.left) else (value.right, value.left)
    number, form = _plain(factor, seen), form_of(amount, seen)
    return _clean(
        {name: _calculated(value.operator, each, number) for name, each in form.items()} or _tried(value, number)
    )


def _tried(value: Arithmetic, number: Fraction) -> Form:
    """Nothing divided by zero is a division by zero, too."""
    _calculated(value.operator, Fraction(0), number)
    return {}


def _clean(form: dict[str, Fraction]) -> Form:
    return {name: Fraction(factor) for name, factor in form.items() if factor}


def adds_up(value: Value) -> bool:
    """Tell whether a number may be worked out from sums: nothing in it decides by, multiplies or rounds amounts."""
    if not numbers_in(value) or isinstance(value, Column):
        return True
    if isinstance(value, Cast):
        return value.kind is Kind.NUMBER and adds_up(value.operand)
    if isinstance(value, Case):
        decides = any(numbers_in(condition) for condition, _ in value.branches)
        return not decides and all(adds_up(each) for each in (*(each for _, each in value.branches), value.otherwise))
    if isinstance(value, Arithmetic):
        if value.operator in "+-":
            return adds_up(value.left) and adds_up(value.right)
        if value.operator == "*" and not numbers_in(value.left):
            return adds_up(value.right)
        return adds_up(value.left) and not numbers_in(value.right)
    return False


def numbers_in(node: object) -> set[str]:
    """Find the number columns that something looks at."""
    return {column.name for column in columns_in(node) if column.kind is Kind.NUMBER}


def texts_in(node: object) -> set[str]:
    return {column.name for column in columns_in(node) if column.kind is Kind.TEXT}


def columns_in(node: object) -> set[Column]:
    if isinstance(node, Column):
        return {node}
    if isinstance(node, tuple):
        return {column for each in node for column in columns_in(each)}
    if hasattr(node, "__dataclass_fields__"):
        return {column for name in node.__dataclass_fields__ for column in columns_in(getattr(node, name))}
    return set()
