"""Statements made into transforms, and which columns and amounts they need.

Amounts that nothing looks at are not calculated. Where amounts decide, or do not simply add up, the rules of the
customer must run charge by charge.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from billow.billingrules.conversion import amounts_of, texts_of
from billow.billingrules.datasets import AMOUNT, AMOUNTS_OF_AWS, USAGE_AMOUNT
from billow.billingrules.evaluate import (
    ReadsLinear,
    condition_of,
    is_linear,
    is_scalar,
    linear_of,
    number_of,
    text_of,
)
from billow.billingrules.expression import (
    Column,
    Condition,
    Dataset,
    Kind,
    Node,
    Pattern,
    Sum,
    Text,
    Value,
    columns_in,
    parts_of,
)
from billow.billingrules.facts import MADE_AGAIN, SOURCES, Row, store_columns_of
from billow.billingrules.like import MOST_PATTERN
from billow.billingrules.linear import per_charge
from billow.billingrules.statement import Delete, InsertSum, Statement, Update
from billow.billingrules.statements import RuleStatement
from billow.billingrules.step import Transform
from billow.terms.focus import CostBasis

_FEEDS = {raw: name for name, columns in (*MADE_AGAIN.items(), *SOURCES.items()) for raw in columns if "/" in raw}
"""Which column of ``costs`` a raw column ends up in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What the statements of one customer need of the charges.

    ``columns`` are the store's texts that tell charges apart, ``amounts`` the numbers that something looks at,
    ``costs_columns`` the texts of ``costs`` to make, ``shown`` those of them that rules may change.
    """

    columns: frozenset[str]
    amounts: frozenset[str]
    costs_columns: frozenset[str]
    shown: frozenset[str]
    charge_by_charge: bool
    on_aws: bool


def needs_of(*, statements: Sequence[RuleStatement], basis: CostBasis) -> Needs:
    """Return what all of a customer's statements need together."""
    plain = [each.statement for each in statements]
    on_aws = any(isinstance(each, Update | Delete) and each.dataset is Dataset.AWS for each in plain)
    written = {column.name for each in plain if isinstance(each, Update) for column, _ in each.assignments}
    amounts = _live_amounts(plain, basis if on_aws else None)
    texts = _texts_read(plain, amounts)
    if on_aws:
        texts |= texts_of(basis=basis)
    shown = {_FEEDS.get(name, name) for name in written} & (SOURCES.keys() | MADE_AGAIN.keys())
    costs_columns = {name for name in texts | shown if name in SOURCES or name.startswith("tags.")}
    columns = {column for name in texts | shown for column in store_columns_of(name)}
    for name in costs_columns:
        again = MADE_AGAIN.get(name, ())
        if not written.isdisjoint(again):
            columns |= set(again)
    if USAGE_AMOUNT in amounts:
        columns.add("ConsumedUnit")
    return Needs(
        columns=frozenset(columns),
        amounts=frozenset(amounts),
        costs_columns=frozenset(costs_columns),
        shown=frozenset(shown),
        charge_by_charge=any(_is_of_each_charge(each, amounts) for each in plain),
        on_aws=on_aws,
    )


def transform_of(*, each: RuleStatement, needs: Needs) -> Transform:
    """Return the transform that an UPDATE or DELETE is made into."""
    statement, rule = each.statement, each.rule
    assert isinstance(statement, Update | Delete)
    assignments = statement.assignments if isinstance(statement, Update) else ()
    return Transform(
        rule_token=rule.token,
        on_aws=statement.dataset is Dataset.AWS,
        where=None if statement.where is None else condition_of(statement.where),
        texts=tuple((column.name, text_of(value)) for column, value in assignments if column.kind is Kind.TEXT),
        numbers=tuple(
            (column.name, amount_of(value))
            for column, value in assignments
            if column.kind is Kind.NUMBER and column.name in needs.amounts
        ),
        deletes=isinstance(statement, Delete),
        weight=weight_of(statement),
        start_date=rule.start_date,
        end_date=rule.end_date,
    )


def weight_of(statement: Statement) -> int:
    """Return how much work a statement is on one row, in looks at a value."""
    where = statement_where(statement)
    nodes: list[Node] = [] if where is None else [where]
    if isinstance(statement, Update):
        nodes += [value for _, value in statement.assignments]
    elif isinstance(statement, InsertSum):
        nodes += statement.values.values()
    return 1 + sum(map(_weight, nodes))


def _weight(node: Node) -> int:
    own = 1
    if isinstance(node, Pattern):
        pattern = node.pattern
        length = len(pattern.value) if isinstance(pattern, Text) else MOST_PATTERN
        own += length * (_WILD if not isinstance(pattern, Text) or "_" in pattern.value else 1) // _LETTERS_A_LOOK
    return own + sum(map(_weight, parts_of(node)))


_LETTERS_A_LOOK, _WILD = 16, 32
"""Letters of a pattern that are compared in the time of one look, and how much longer ``_`` may take."""


def amount_of(value: Value) -> ReadsLinear:
    """Return what reads a number as a combination of amounts; one that is none is calculated for the charge."""
    if is_linear(value):
        return linear_of(value)
    read = number_of(value)

    def calculated(row: Row) -> object:
        return per_charge(read(row) or 0)  # type: ignore[arg-type]

    return calculated  # type: ignore[return-value]


def sums_in(values: Iterable[Value]) -> tuple[Sum, ...]:
    """Return every different sum in the values, in the order they are written."""
    found: dict[Sum, None] = {}

    def look(node: Node) -> None:
        if isinstance(node, Sum):
            found.setdefault(node)
        for part in parts_of(node):
            look(part)

    for value in values:
        look(value)
    return tuple(found)


def _live_amounts(statements: Sequence[Statement], basis: CostBasis | None) -> set[str]:
    """Return the numbers that costs, conditions or sums look at, directly or by way of others."""
    live = {AMOUNT, USAGE_AMOUNT} & {name for each in statements for name in _numbers_read_anyhow(each)}
    live |= {AMOUNT} | (amounts_of(basis=basis) if basis is not None else set())
    live |= {column.name for each in statements if isinstance(each, Update) for column, _ in each.assignments} & {
        USAGE_AMOUNT
    }
    live |= {name for each in statements for name in _numbers_read_anyhow(each)}
    assignments = [pair for each in statements if isinstance(each, Update) for pair in each.assignments]
    while True:
        read = {
            name
            for column, value in assignments
            if column.name in live or column.kind is Kind.TEXT
            for name in _numbers(value)
        }
        if read <= live:
            return live
        live |= read


def _numbers_read_anyhow(statement: Statement) -> set[str]:
    names = set() if statement_where(statement) is None else _numbers(statement_where(statement))
    if isinstance(statement, InsertSum):
        for value in statement.values.values():
            names |= _numbers(value)
    return names


def statement_where(statement: Statement) -> Condition | None:
    """Return the condition of a statement that has one."""
    return statement.where if isinstance(statement, Update | Delete | InsertSum) else None


def _texts_read(statements: Sequence[Statement], amounts: set[str]) -> set[str]:
    names: set[str] = set()
    for statement in statements:
        where = statement_where(statement)
        if where is not None:
            names |= _texts(where)
        if isinstance(statement, InsertSum):
            names |= {name for value in statement.values.values() for name in _texts(value)}
        if isinstance(statement, Update):
            for column, value in statement.assignments:
                if column.kind is Kind.TEXT or column.name in amounts:
                    names |= _texts(value)
    return names


def _is_of_each_charge(statement: Statement, amounts: set[str]) -> bool:
    where = statement_where(statement)
    if where is not None and not is_scalar(where):
        return True
    if isinstance(statement, InsertSum):
        return any(not is_linear(each.operand) for each in sums_in(statement.values.values()))
    if isinstance(statement, Update):
        return any(
            not (is_scalar(value) if column.kind is Kind.TEXT else is_linear(value))
            for column, value in statement.assignments
            if column.kind is Kind.TEXT or column.name in amounts
        )
    return False


def _numbers(node: Node | None) -> set[str]:
    return set() if node is None else {column.name for column in columns_in(node) if column.kind is Kind.NUMBER}


def _texts(node: Node) -> set[str]:
    return {column.name for column in columns_in(node) if _is_text(column)}


def _is_text(column: Column) -> bool:
    return column.kind is Kind.TEXT and column.name not in AMOUNTS_OF_AWS
