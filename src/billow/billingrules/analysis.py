"""What a statement looks at and changes, so that the charges can be added up as far as its rules allow."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from billow.billingrules.conversion import amounts_of, texts_of
from billow.billingrules.datasets import AMOUNT, AMOUNTS_OF_AWS, USAGE_AMOUNT
from billow.billingrules.evaluate import is_linear, is_scalar
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
from billow.billingrules.facts import MADE_AGAIN, SOURCES, TAGS_PREFIX, store_columns_of
from billow.billingrules.like import MOST_PATTERN
from billow.billingrules.statement import Delete, InsertSum, Statement, Update
from billow.terms.focus import CostBasis

_FEEDS = {raw: name for name, columns in (*MADE_AGAIN.items(), *SOURCES.items()) for raw in columns if "/" in raw}
"""Which column of ``costs`` a raw column ends up in."""

_LETTERS_A_LOOK, _WILD = 16, 32
"""Letters of a pattern that are compared in the time of one look, and how much longer ``_`` may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """A number column that gets a new value: what that looks at, and whether sums will do."""

    name: str
    texts: frozenset[str]
    numbers: frozenset[str]
    is_linear: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """One statement: the texts and numbers that it looks at whatever else is asked, and what it writes.

    ``decides_by_amount`` tells that it must see each charge. ``weight`` is its work on one row, in looks at a value.
    """

    texts: frozenset[str]
    numbers: frozenset[str]
    written: frozenset[str]
    assigned: tuple[Assigned, ...]
    decides_by_amount: bool
    transforms_aws: bool
    writes_texts: bool
    weight: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What the statements of one customer need of the charges.

    ``columns`` are the store's texts that tell charges apart, ``amounts`` the numbers that something looks at,
    ``costs_columns`` the texts of ``costs`` to make, ``keyed`` the raw columns to take out of tags and cost categories,
    ``shown`` what invoice lines show and rules may change, ``texts`` every text that is looked at.
    """

    columns: frozenset[str]
    amounts: frozenset[str]
    costs_columns: frozenset[str]
    keyed: frozenset[str]
    shown: frozenset[str]
    texts: frozenset[str]
    charge_by_charge: bool
    on_aws: bool
    writes_texts: bool
    retypes: bool


def analysis_of(statement: Statement) -> Analysis:
    """Return what the statement looks at and changes."""
    where = where_of(statement)
    assignments = statement.assignments if isinstance(statement, Update) else ()
    sums = tuple(statement.values.values()) if isinstance(statement, InsertSum) else ()
    text_values = tuple(value for column, value in assignments if column.kind is Kind.TEXT)
    looked_at: tuple[Node, ...] = (*(() if where is None else (where,)), *sums, *text_values)
    return Analysis(
        texts=frozenset().union(*map(_texts, looked_at)),
        numbers=frozenset().union(*map(_numbers, looked_at)),
        written=frozenset(column.name for column, _ in assignments),
        assigned=tuple(
            Assigned(name=column.name, texts=_texts(value), numbers=_numbers(value), is_linear=is_linear(value))
            for column, value in assignments
            if column.kind is Kind.NUMBER
        ),
        decides_by_amount=(where is not None and not is_scalar(where))
        or not all(map(is_scalar, text_values))
        or not all(is_linear(each.operand) for each in sums_in(sums)),
        transforms_aws=isinstance(statement, Update | Delete) and statement.dataset is Dataset.AWS,
        writes_texts=bool(text_values),
        weight=1 + sum(map(_weight, (*looked_at, *(value for column, value in assignments)))),
    )


def needs_of(*, analyses: Sequence[Analysis], basis: CostBasis, looked_at: frozenset[str] = frozenset()) -> Needs:
    """Return what all of a customer's statements need together; ``looked_at`` are amounts that other rules need."""
    on_aws = any(each.transforms_aws for each in analyses)
    written = frozenset().union(*(each.written for each in analyses))
    assigned = [one for each in analyses for one in each.assigned]
    amounts = _live_amounts(analyses, assigned, basis if on_aws else None, looked_at)
    texts = frozenset().union(
        *(each.texts for each in analyses), *(one.texts for one in assigned if one.name in amounts)
    )
    if on_aws:
        texts |= texts_of(basis=basis)
    shown = {_FEEDS.get(name, name) for name in written} & (SOURCES.keys() | MADE_AGAIN.keys())
    costs_columns = {name for name in texts | shown if name in SOURCES or name.startswith(TAGS_PREFIX)}
    columns = {column for name in texts | shown for column in store_columns_of(name)}
    for name in costs_columns:
        again = MADE_AGAIN.get(name, ())
        if not written.isdisjoint(again):
            columns |= set(again)
    if USAGE_AMOUNT in amounts:
        columns.add("ConsumedUnit")
    return Needs(
        columns=frozenset(columns),
        amounts=amounts,
        costs_columns=frozenset(costs_columns),
        keyed=frozenset(name for name in texts if "/" in name and store_columns_of(name) != (name,)),
        shown=frozenset(shown),
        texts=texts,
        charge_by_charge=any(each.decides_by_amount for each in analyses)
        or any(one.name in amounts and not one.is_linear for one in assigned),
        on_aws=on_aws,
        writes_texts=any(each.writes_texts for each in analyses),
        retypes=on_aws and "lineItem/LineItemType" in written,
    )


def where_of(statement: Statement) -> Condition | None:
    """Return the condition of a statement that has one."""
    return statement.where if isinstance(statement, Update | Delete | InsertSum) else None


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


def _live_amounts(
    analyses: Sequence[Analysis], assigned: Sequence[Assigned], basis: CostBasis | None, looked_at: frozenset[str]
) -> frozenset[str]:
    """Return the numbers that costs, conditions or sums look at, directly or by way of others."""
    live = {AMOUNT}.union(looked_at, *(each.numbers for each in analyses))
    live |= {one.name for one in assigned} & {USAGE_AMOUNT}
    if basis is not None:
        live |= amounts_of(basis=basis)
    while True:
        read = frozenset().union(*(one.numbers for one in assigned if one.name in live))
        if read <= live:
            return frozenset(live)
        live |= read


def _weight(node: Node) -> int:
    own = 1
    if isinstance(node, Pattern):
        pattern = node.pattern
        length = len(pattern.value) if isinstance(pattern, Text) else MOST_PATTERN
        own += length * (_WILD if not isinstance(pattern, Text) or "_" in pattern.value else 1) // _LETTERS_A_LOOK
    return own + sum(map(_weight, parts_of(node)))


def _numbers(node: Node) -> frozenset[str]:
    return frozenset(column.name for column in columns_in(node) if column.kind is Kind.NUMBER)


def _texts(node: Node) -> frozenset[str]:
    return frozenset(column.name for column in columns_in(node) if _is_text(column))


def _is_text(column: Column) -> bool:
    return column.kind is Kind.TEXT and column.name not in AMOUNTS_OF_AWS
