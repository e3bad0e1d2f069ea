"""Turn the grammar of a statement into the statement: what it changes, adds or takes away, and where."""

from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from types import MappingProxyType
from typing import TypeVar

from sqlglot import exp

from billow.billingrules.datasets import (
    ACCRUED_AT,
    KEYED_GROUPS,
    NEEDED_IN_INSERT,
    NOT_WRITABLE,
    column_names,
)
from billow.billingrules.expression import (
    Column,
    Condition,
    Dataset,
    Every,
    Kind,
    Missing,
    Node,
    Sum,
    Text,
    Value,
    parts_of,
)
from billow.billingrules.sql.cautions import cautions_of_statement
from billow.billingrules.sql.faults import UnableToRead, unable
from billow.billingrules.sql.grammar import Tree, leaf_position
from billow.billingrules.sql.limits import MAX_STEPS
from billow.billingrules.sql.meaning import Meaning
from billow.billingrules.sql.scope import Looking, Scope, named_column
from billow.billingrules.sql.tokens import Token, shorten
from billow.billingrules.statement import Delete, InsertSum, InsertValues, Statement, Update
from billow.terms.currencies import MINOR_UNITS
from billow.terms.issue import Issue

_DATE = "date"
Read = TypeVar("Read")


def statement_of(tree: Tree, *, dataset: Dataset) -> tuple[Statement | None, tuple[Issue, ...]]:
    """Return the statement and its warnings, or None and every error."""
    reader = _Reader(tree, dataset=dataset)
    statement = reader.read()
    if reader.faults or statement is None:
        return None, tuple(reader.faults)
    cautions = [*reader.meaning.cautions, *cautions_of_statement(statement, place=tree.tokens[0].place)]
    return statement, tuple(dict.fromkeys(cautions))


class _Reader:
    """Reads one statement; an error in one part does not keep it from reading the others."""

    def __init__(self, tree: Tree, *, dataset: Dataset) -> None:
        self.tree = tree
        self.dataset = dataset
        self.meaning = Meaning(tree)
        self.faults: list[Issue] = []
        self.charges = Scope(dataset=dataset, looking=Looking.CHARGES)

    def read(self) -> Statement | None:
        root = self.tree.root
        match root:
            case exp.Update():
                assignments = self._assignments(root.expressions)
                return Update(dataset=self.dataset, assignments=assignments, where=self._where(root))
            case exp.Delete():
                return Delete(dataset=self.dataset, where=self._where(root))
            case exp.Insert(this=exp.Schema(), expression=exp.Values()):
                return self._insert_values(root)
            case exp.Insert(this=exp.Schema(), expression=exp.Select()):
                return self._insert_sum(root)
            case exp.Insert():
                message = (
                    "name the columns that get the values: INSERT INTO costs (provider, service, cost_type, amount) …"
                )
                self.faults.append(unable("column_missing", place=self.tree.tokens[0].place, message=message).issue)
            case _:
                message = "a rule is one UPDATE, DELETE or INSERT statement"
                self.faults.append(unable("unknown_statement", place=self.tree.tokens[0].place, message=message).issue)
        return None

    # WHERE

    def _where(self, node: exp.Expr) -> Condition | None:
        """Read each condition that AND joins on its own, so that all errors are found at once."""
        where = node.args.get("where")
        if where is None:
            return None
        operands: list[exp.Expr] = []
        condition = where.this
        while isinstance(condition, exp.And):
            operands.append(condition.expression)
            condition = condition.this
        read = [self._attempt(partial(self._chosen_by, item)) for item in [condition, *reversed(operands)]]
        conditions = tuple(item for item in read if item is not None)
        return conditions[0] if len(conditions) == 1 else Every(conditions=conditions)

    def _chosen_by(self, node: exp.Expr) -> Condition:
        return self._shallow(self.meaning.condition(node, scope=self.charges), at=node)

    # UPDATE

    def _assignments(self, nodes: Sequence[exp.Expr]) -> tuple[tuple[Column, Value], ...]:
        read: dict[str, tuple[Column, Value]] = {}
        for node in nodes:
            column = self._attempt(partial(self._target, node, known=read))
            if column is None:
                continue
            value = self._attempt(partial(self._assigned, node.expression, column=column))
            if value is not None:
                read[column.name] = (column, value)
        return tuple(read.values())

    def _target(self, node: exp.Expr, *, known: dict[str, tuple[Column, Value]]) -> Column:
        token = self.tree.token_at(node)
        if not isinstance(node, exp.EQ) or not isinstance(node.this, exp.Column):
            raise unable(
                "not_understood",
                place=token.place,
                message="SET takes a column, = and a value; write SET costs.amount = costs.amount * 1.08",
                value=token.shown,
            )
        if token.dataset is not None and token.dataset is not self.dataset:
            raise unable(
                "datasets_mixed",
                place=token.place,
                message=f"the statement works on {self.dataset}, so it cannot set {shorten(token.shown)}; "
                f"write a column of {self.dataset}",
                value=token.shown,
            )
        column = named_column(token, dataset=self.dataset)
        if self.dataset is Dataset.COSTS and column.name in NOT_WRITABLE:
            raise unable(
                "not_writable",
                place=token.place,
                message=f"{self.dataset}.{column.name} cannot be set: when, in which currency and whose a charge is "
                "stays; set another column",
                value=token.shown,
            )
        if column.name in known:
            raise unable(
                "column_twice",
                place=token.place,
                message=f"{shorten(token.shown)} is set twice; leave one of the two out",
                value=token.shown,
            )
        return column

    def _assigned(self, node: exp.Expr, *, column: Column) -> Value:
        if column.kind is Kind.TEXT:
            return self._shallow(self.meaning.text_or_missing(node, scope=self.charges), at=node)
        return self._shallow(self.meaning.value(node, kind=Kind.NUMBER, scope=self.charges), at=node)

    # INSERT

    def _insert_values(self, root: exp.Insert) -> Statement | None:
        rows = root.expression.expressions
        if len(rows) != 1:
            token = self.tree.token_at(rows[1])
            message = "a rule adds one line; make a second rule of the second"
            self.faults.append(unable("not_understood", place=token.place, message=message).issue)
            return None
        nodes = rows[0].expressions if isinstance(rows[0], exp.Tuple) else [rows[0].this]
        values = self._inserted(root, nodes=nodes, looking=Looking.NOTHING)
        return InsertValues(values=MappingProxyType(values))

    def _insert_sum(self, root: exp.Insert) -> Statement | None:
        values = self._inserted(root, nodes=root.expression.expressions, looking=Looking.SUMS)
        where = self._where(root.expression)
        if not self.faults and not any(_has_sum(value) for value in values.values()):
            select = next(token for token in self.tree.tokens if token.is_word("SELECT"))
            message = "INSERT … SELECT adds up charges; write SUM(costs.amount), or VALUES (…) for a fixed line"
            self.faults.append(unable("sum_missing", place=select.place, message=message).issue)
        return InsertSum(values=MappingProxyType(values), where=where)

    def _inserted(self, root: exp.Insert, *, nodes: list[exp.Expr], looking: Looking) -> dict[str, Value]:
        targets = root.this.expressions
        if len(targets) != len(nodes):
            place = self.tree.token_at(nodes[min(len(targets), len(nodes) - 1)] if nodes else root).place
            message = f"there are {len(targets)} columns and {len(nodes)} values; write one value for each column"
            self.faults.append(unable("wrong_count", place=place, message=message).issue)
            return {}
        values: dict[str, Value] = {}
        named: set[str] = set()
        for target, node in zip(targets, nodes, strict=True):
            column = self._attempt(partial(self._inserted_column, target, named=named, looking=looking))
            if column is None:
                continue
            named.add(column.name)
            value = self._attempt(partial(self._inserted_value, node, column=column, looking=looking))
            if value is not None:
                values[column.name] = value
        self._check_needed(root, named=named)
        return values

    def _inserted_column(self, target: exp.Expr, *, named: set[str], looking: Looking) -> Column:
        token = self.tree.token_at(target)
        if leaf_position(target) is None or (token.dataset is not None and token.dataset is not Dataset.COSTS):
            raise _not_insertable(token)
        column = named_column(token, dataset=Dataset.COSTS)
        if column.name.startswith(tuple(f"{group}." for group in KEYED_GROUPS[Dataset.COSTS])):
            raise _not_insertable(token)
        if column.name in named:
            message = f"{shorten(token.shown)} is named twice; leave one of the two out"
            raise unable("column_twice", place=token.place, message=message, value=token.shown)
        if column.name == ACCRUED_AT and looking is Looking.SUMS:
            message = "a line made from sums is booked on the last day of each month; leave the date out"
            raise unable("not_writable", place=token.place, message=message, value=token.shown)
        return column

    def _inserted_value(self, node: exp.Expr, *, column: Column, looking: Looking) -> Value:
        scope = Scope(dataset=Dataset.COSTS, looking=looking)
        token = self.tree.token_at(node)
        if column.kind is Kind.NUMBER:
            return self._shallow(self.meaning.value(node, kind=Kind.NUMBER, scope=scope), at=node)
        value = self._shallow(self.meaning.text_or_missing(node, scope=scope), at=node)
        if column.name == ACCRUED_AT and not (isinstance(value, Text) and _is_day(value.value)):
            message = f"{shorten(token.shown)} is not a day; write it out as '2026-03-31'"
            raise unable("not_a_date", place=token.place, message=message, value=token.shown)
        if column.name in NEEDED_IN_INSERT and (isinstance(value, Missing) or value == Text(value="")):
            message = f"{column.name} cannot be empty; write a text in single quotes"
            raise unable("column_missing", place=token.place, message=message, value=column.name)
        if column.name == "currency" and not isinstance(value, Missing):
            self._check_currency(value, token=token)
        return value

    def _check_currency(self, value: Value, *, token: Token) -> None:
        if not isinstance(value, Text) or value.value not in MINOR_UNITS:
            message = f"{shorten(token.shown)} is not a currency; write its code, as 'EUR', or leave the column out"
            raise unable("unknown_currency", place=token.place, message=message, value=token.shown)

    def _check_needed(self, root: exp.Insert, *, named: set[str]) -> None:
        missing = [name for name in NEEDED_IN_INSERT if name not in named]
        if missing and not self.faults:
            targets = root.this.expressions
            place = self.tree.token_at(targets[0] if targets else root).place
            message = f"INSERT needs {', '.join(NEEDED_IN_INSERT)}; add {', '.join(missing)}"
            self.faults.append(unable("column_missing", place=place, message=message, value=missing[0]).issue)

    # All

    def _attempt(self, read: Callable[[], Read]) -> Read | None:
        try:
            return read()
        except UnableToRead as unable_to_read:
            self.faults.append(unable_to_read.issue)
            return None

    def _shallow(self, read: Read, *, at: exp.Expr) -> Read:
        """Return what was read, after checking that it can be worked on by recursion."""
        level: list[Node] = [read]  # type: ignore[list-item]
        for _ in range(MAX_STEPS):
            level = [part for node in level for part in parts_of(node)]
            if not level:
                return read
        message = f"more than {MAX_STEPS} operations inside one another; split the rule into several"
        raise unable("too_deep", place=self.tree.token_at(at).place, message=message)


def _has_sum(node: Node) -> bool:
    return isinstance(node, Sum) or any(_has_sum(part) for part in parts_of(node))


def _not_insertable(token: Token) -> UnableToRead:
    names = ", ".join(_DATE if name == ACCRUED_AT else name for name in column_names(Dataset.COSTS))
    return unable(
        "unknown_column",
        place=token.place,
        message=f"{shorten(token.shown)} cannot be given to a new line; write some of {names}",
        value=token.shown,
    )


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
