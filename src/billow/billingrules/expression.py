"""Expressions of rules, as values: what a person wrote in SQL is turned into these, and nothing else ever runs.

Every value has a kind. The reader of SQL settles kinds beforehand (a quoted number where a number is needed
becomes a ``Number``), so an expression that exists makes sense; see docs/rules.md for what each means.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from operator import attrgetter
from typing import Any


class Dataset(StrEnum):
    """What a statement works on: raw AWS report lines, or the converted costs of all providers."""

    AWS = "aws"
    COSTS = "costs"


class Kind(StrEnum):
    """What a value is; times and days are texts in ISO form (``2026-03-31T00:00:00Z``, ``2026-03-31``)."""

    TEXT = "text"
    NUMBER = "number"


class Function(StrEnum):
    """The functions that rules may call."""

    LOWER = "LOWER"
    UPPER = "UPPER"
    SUBSTR = "SUBSTR"
    COALESCE = "COALESCE"
    ROUND = "ROUND"
    ABS = "ABS"
    LEAST = "LEAST"
    GREATEST = "GREATEST"


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A quoted text."""

    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number as written, exact."""

    value: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """NULL: no value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a dataset, under its canonical name (``lineItem/UnblendedCost``, ``amount``)."""

    dataset: Dataset
    name: str
    kind: Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Arithmetic:
    """Two numbers joined by one of ``+ - * /``."""

    operator: str
    left: "Value"
    right: "Value"


@dataclass(frozen=True, slots=True, kw_only=True)
class Concatenation:
    """Texts one behind the other."""

    parts: tuple["Value", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A function and its arguments."""

    function: Function
    arguments: tuple["Value", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """A text read as a number, or a number written as a text."""

    operand: "Value"
    kind: Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """The value of the first branch whose condition holds, else ``otherwise``."""

    branches: tuple[tuple["Condition", "Value"], ...]
    otherwise: "Value"
    kind: Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """The sum over all charges that the statement chooses."""

    operand: "Value"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two values of one kind compared by one of ``= != < <= > >=``."""

    operator: str
    left: "Value"
    right: "Value"


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """True if the operand equals one of the values."""

    operand: "Value"
    values: tuple["Value", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """LIKE: ``%`` stands for any text, ``_`` for one character; upper and lower case differ."""

    operand: "Value"
    pattern: "Value"


@dataclass(frozen=True, slots=True, kw_only=True)
class IsMissing:
    """IS NULL: true of a missing value, and of an empty text in a column."""

    operand: "Value"


@dataclass(frozen=True, slots=True, kw_only=True)
class Every:
    """AND: true if all conditions are."""

    conditions: tuple["Condition", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Either:
    """OR: true if any condition is."""

    conditions: tuple["Condition", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opposite:
    """NOT."""

    condition: "Condition"


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant:
    """TRUE or FALSE, written out."""

    holds: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """A condition on one text that the engine was asked as a test: ``column`` has the numbers of those that hold."""

    condition: "Condition"
    column: Column
    number: int


Value = Text | Number | Missing | Column | Arithmetic | Concatenation | Call | Cast | Case | Sum
Condition = Comparison | Membership | Pattern | IsMissing | Every | Either | Opposite | Constant | Tested
Node = Value | Condition


def parts_of(node: Node) -> tuple[Node, ...]:
    """Return what a value or condition is directly made of."""
    return _PARTS[type(node)](node)


def columns_in(node: Node) -> frozenset[Column]:
    """Return every column that a value or condition looks at."""
    found = set()
    waiting = [node]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Column):
            found.add(part)
        else:
            waiting.extend(parts_of(part))
    return frozenset(found)


def _nothing(_node: Any) -> tuple[Node, ...]:
    return ()


def _operand(node: Any) -> tuple[Node, ...]:
    return (node.operand,)


_PARTS: Mapping[type, Callable[[Any], tuple[Node, ...]]] = {
    **dict.fromkeys((Text, Number, Missing, Column, Constant), _nothing),
    **dict.fromkeys((Arithmetic, Comparison), attrgetter("left", "right")),
    **dict.fromkeys((Cast, Sum, IsMissing), _operand),
    **dict.fromkeys((Every, Either), attrgetter("conditions")),
    Concatenation: attrgetter("parts"),
    Call: attrgetter("arguments"),
    Case: lambda node: (*(part for branch in node.branches for part in branch), node.otherwise),
    Membership: lambda node: (node.operand, *node.values),
    Pattern: attrgetter("operand", "pattern"),
    Opposite: lambda node: (node.condition,),
    Tested: lambda node: (node.column,),
}
