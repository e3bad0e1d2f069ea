"""Conditions on single resources, asked by the engine: then charges need not be told apart by their resource.

A customer has a handful of conditions and a hundred thousand resources. Where its rules ask nothing of a resource but
whether it is, begins with, ends with or has some text, the engine answers that for every charge, and charges with the
same answers stay together.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from billow.billingrules.expression import (
    Arithmetic,
    Call,
    Case,
    Cast,
    Column,
    Comparison,
    Concatenation,
    Condition,
    Dataset,
    Either,
    Every,
    Function,
    IsMissing,
    Kind,
    Membership,
    Opposite,
    Pattern,
    Sum,
    Tested,
    Text,
    Value,
    columns_in,
    parts_of,
)
from billow.billingrules.statement import Delete, InsertSum, Statement, Update
from billow.coststore.query import DetailForm, Look, TextTest

RESOURCE = "resource_id"
ANSWER = f"ResourceId{DetailForm.TESTS.value}"
"""The column of the store's answer that has the numbers of the tests that hold."""

_MOST_TEXTS, _MOST_TESTS, _MOST_LETTERS = 100, 50, 10_000
_MOST_SETS = 200
"""Customers with different tests: an engine reads all of them before it begins."""

_ANSWER = Column(dataset=Dataset.COSTS, name=ANSWER, kind=Kind.TEXT)
_FOLDS = {Function.LOWER: "lower", Function.UPPER: "upper"}


@dataclass(frozen=True, slots=True)
class _Asked:
    """A statement with tests, their numbers, and whether it needs to know resources all the same."""

    given: Statement
    statement: Statement
    numbers: frozenset[int]
    needs_resources: bool


@dataclass(slots=True)
class ResourceTests:
    """The tests of all customers of a month, numbered, and the different sets of them that customers need."""

    numbers: dict[TextTest, int] = field(default_factory=dict)
    sets: set[frozenset[int]] = field(default_factory=set)
    _known: dict[int, _Asked] = field(default_factory=dict)

    def asked(self, statements: Sequence[Statement]) -> tuple[Sequence[Statement], frozenset[int]]:
        """Return one customer's statements with tests for conditions on resources, and the numbers of the tests.

        Where one of them asks more than tests can tell, or changes resources, all are returned as they are.
        """
        asked = [self._known.get(id(statement)) or self._rewritten(statement) for statement in statements]
        numbers = frozenset().union(*(each.numbers for each in asked))
        if not numbers or any(each.needs_resources for each in asked):
            return statements, frozenset()
        if numbers not in self.sets:
            if len(self.sets) >= _MOST_SETS or not self._are_few(numbers):
                return statements, frozenset()
            self.sets.add(numbers)
        return [each.statement for each in asked], numbers

    def _are_few(self, numbers: frozenset[int]) -> bool:
        """Tell whether the tests are so few and short that an engine reads them in no time."""
        letters = sum(sum(map(len, test.texts)) for test, number in self.numbers.items() if number in numbers)
        return len(numbers) <= _MOST_TESTS and letters <= _MOST_LETTERS

    def _rewritten(self, statement: Statement) -> _Asked:
        found: set[int] = set()

        def number_of(test: TextTest) -> int:
            number = self.numbers.setdefault(test, len(self.numbers))
            found.add(number)
            return number

        made = _with_tests(statement, number_of) if _looks_at_resources(statement) else statement
        asked = self._known[id(statement)] = _Asked(statement, made, frozenset(found), _needs_resources(made))
        return asked


def _needs_resources(statement: Statement) -> bool:
    """Tell whether the statement looks at resources otherwise than by tests, or changes them."""
    writes = isinstance(statement, Update) and any(column.name in _RESOURCES for column, _ in statement.assignments)
    return writes or _looks_at_resources(statement)


_RESOURCES = frozenset({RESOURCE, "lineItem/ResourceId"})


def _looks_at_resources(statement: Statement) -> bool:
    return any(column.name in _RESOURCES for part in _parts(statement) for column in columns_in(part))


def _parts(statement: Statement) -> Iterator[Value | Condition]:
    if isinstance(statement, Update):
        yield from (value for _, value in statement.assignments)
    elif isinstance(statement, InsertSum):
        yield from statement.values.values()
    if isinstance(statement, Update | Delete | InsertSum) and statement.where is not None:
        yield statement.where


def _with_tests(statement: Statement, number_of: Callable[[TextTest], int]) -> Statement:
    def asked(node: Any) -> Any:
        if isinstance(node, Comparison) and node.operator == "!=":
            equal = asked(replace(node, operator="="))
            return Opposite(condition=equal) if isinstance(equal, Tested) else _made_of(node, asked)
        test = _test_of(node)
        if test is not None:
            return Tested(condition=node, column=_ANSWER, number=number_of(test))
        return _made_of(node, asked) if parts_of(node) else node

    match statement:
        case Update(assignments=assignments, where=where):
            values = tuple((column, asked(value)) for column, value in assignments)
            return replace(statement, assignments=values, where=None if where is None else asked(where))
        case Delete(where=where):
            return replace(statement, where=None if where is None else asked(where))
        case InsertSum(values=given, where=where):
            sums = {name: asked(value) for name, value in given.items()}
            return replace(statement, values=sums, where=None if where is None else asked(where))
    return statement


def _made_of(node: Any, change: Callable[[Any], Any]) -> Any:  # noqa: PLR0911 - one for each kind of node
    """Return the node with each of its parts changed."""
    match node:
        case Arithmetic() | Comparison():
            return replace(node, left=change(node.left), right=change(node.right))
        case Concatenation():
            return replace(node, parts=tuple(map(change, node.parts)))
        case Call():
            return replace(node, arguments=tuple(map(change, node.arguments)))
        case Cast() | Sum() | IsMissing():
            return replace(node, operand=change(node.operand))
        case Case():
            branches = tuple((change(condition), change(value)) for condition, value in node.branches)
            return replace(node, branches=branches, otherwise=change(node.otherwise))
        case Membership():
            return replace(node, operand=change(node.operand), values=tuple(map(change, node.values)))
        case Pattern():
            return replace(node, operand=change(node.operand), pattern=change(node.pattern))
        case Every() | Either():
            return replace(node, conditions=tuple(map(change, node.conditions)))
        case Opposite():
            return replace(node, condition=change(node.condition))
    return node


def _test_of(node: Any) -> TextTest | None:
    """Return the test that a condition on a resource is, None for whatever else."""
    match node:
        case Comparison(operator="=", left=operand, right=Text(value=text)):
            return _test(operand, Look.IS, (text,))
        case Membership(operand=operand, values=values):
            texts = tuple(value.value for value in values if isinstance(value, Text))
            return _test(operand, Look.IS, texts) if len(texts) == len(values) <= _MOST_TEXTS else None
        case IsMissing(operand=Column() as operand):
            return _test(operand, Look.IS, ("",))
        case Pattern(operand=operand, pattern=Text(value=pattern)) if "_" not in pattern:
            look = _LOOKS.get(tuple(bool(piece) for piece in pattern.split("%")))
            return None if look is None else _test(operand, look, (pattern.replace("%", ""),))
    return None


_LOOKS = {
    (True,): Look.IS,
    (True, False): Look.BEGINS,
    (False, True): Look.ENDS,
    (False, True, False): Look.CONTAINS,
}
"""By which pieces of a pattern between its ``%`` have letters."""


def _test(operand: Value, look: Look, texts: tuple[str, ...]) -> TextTest | None:
    fold = ""
    if isinstance(operand, Call) and operand.function in _FOLDS:
        fold, operand = _FOLDS[operand.function], operand.arguments[0]
    is_resource = isinstance(operand, Column) and operand.dataset is Dataset.COSTS and operand.name == RESOURCE
    return TextTest(look=look, texts=texts, fold=fold) if is_resource else None
