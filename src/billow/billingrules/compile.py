"""Statements made into functions, once for all the customers that share them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from operator import itemgetter
from typing import Any

from billow.billingrules.analysis import Analysis, analysis_of, where_of
from billow.billingrules.datasets import AMOUNT
from billow.billingrules.evaluate import (
    Holds,
    ReadsLinear,
    ReadsText,
    condition_of,
    is_linear,
    linear_of,
    number_of,
    text_of,
)
from billow.billingrules.expression import Kind, Value
from billow.billingrules.facts import Row
from billow.billingrules.failed import RuleFailed
from billow.billingrules.linear import per_charge
from billow.billingrules.resource_tests import ResourceTests
from billow.billingrules.statement import Delete, Statement, Update
from billow.billingrules.step import Effect, Operation

_MOST_REMEMBERED = 50_000
_ZERO = Decimal(0)
_ZERO_COST = Operation(factor=_ZERO)


@dataclass(slots=True)
class Compiled:
    """What an UPDATE or DELETE does to a row.

    A row's effect depends on the values of a few columns only; it is found once for each combination of them.
    ``by_value`` is for those who number such combinations themselves, without the day and with it.
    """

    analysis: Analysis
    where: Holds | None
    texts: tuple[tuple[str, ReadsText], ...]
    numbers: tuple[tuple[str, ReadsLinear], ...]
    deletes: bool
    on_aws: bool
    looked_at: frozenset[str]
    read: Callable[[Row], Any]
    may_remember: bool
    remembered: dict[Any, Effect | None] = field(default_factory=dict)
    by_value: tuple[dict[Any, Effect | RuleFailed | None], dict[Any, Effect | RuleFailed | None]] = field(
        default_factory=lambda: ({}, {})
    )
    effects: dict[Any, Effect] = field(default_factory=dict)

    def effect_on(self, row: Row) -> Effect | None:
        """Return what the statement does to the row; None if it does not hold for it. Raises RuleFailed."""
        if not self.may_remember:
            return self._found(row)
        values = self.read(row)
        if values in self.remembered:
            return self.remembered[values]
        if len(self.remembered) > _MOST_REMEMBERED:
            self.remembered.clear()
        effect = self.remembered[values] = self._found(row)
        return effect

    def _found(self, row: Row) -> Effect | None:
        if self.where is not None and not self.where(row):
            return None
        if self.deletes:
            return _DELETES
        texts = tuple([(name, read(row)) for name, read in self.texts])
        numbers = tuple([(name, read(row)) for name, read in self.numbers])
        key = (texts, numbers)
        effect = self.effects.get(key)
        if effect is None:
            # Equal effects are one object, so that charges that are treated alike are quick to find.
            effect = self.effects[key] = Effect(texts=texts, numbers=numbers, operation=self._operation(numbers))
        return effect

    def _operation(self, numbers: tuple[Any, ...]) -> Operation | None:
        """Return all there is to do where nothing but the cost changes."""
        if self.on_aws or not numbers:
            return None
        factor = numbers[0][1].factor_of(AMOUNT) if len(numbers) == 1 and numbers[0][0] == AMOUNT else None
        if factor is not None:
            return None if factor == 1 else Operation(factor=factor)
        return Operation(numbers=numbers)


_DELETES = Effect(deletes=True, operation=_ZERO_COST)


class Compiler:
    """Makes statements into functions; the same statement is made once.

    With ``tests``, conditions on resources are asked by the engine.
    """

    def __init__(self, *, tests: ResourceTests | None = None) -> None:
        self.tests = tests
        self._analyses: dict[int, tuple[Statement, Analysis]] = {}
        self._compiled: dict[tuple[int, frozenset[str]], Compiled] = {}

    def analyse(self, statement: Statement) -> Analysis:
        """Return what the statement looks at and changes."""
        known = self._analyses.get(id(statement))
        if known is None:
            known = self._analyses[id(statement)] = (statement, analysis_of(statement))
        return known[1]

    def compile(self, statement: Update | Delete, *, amounts: frozenset[str]) -> Compiled:
        """Return the statement as functions; of its numbers only those that are among ``amounts``."""
        known = self._compiled.get((id(statement), amounts))
        if known is None:
            analysis = self.analyse(statement)
            wanted = frozenset(one.name for one in analysis.assigned if one.name in amounts)
            known = self._compiled.get((id(statement), wanted)) or _compiled(statement, analysis, wanted)
            self._compiled[id(statement), wanted] = self._compiled[id(statement), amounts] = known
        return known


def amount_of(value: Value) -> ReadsLinear:
    """Return what reads a number as a combination of amounts; one that is none is calculated for the charge."""
    if is_linear(value):
        return linear_of(value)
    read = number_of(value)
    return lambda row: per_charge(read(row) or _ZERO)


def _compiled(statement: Update | Delete, analysis: Analysis, wanted: frozenset[str]) -> Compiled:
    assignments = statement.assignments if isinstance(statement, Update) else ()
    where = where_of(statement)
    one_by_one = [one for one in analysis.assigned if one.name in wanted]
    texts = analysis.texts.union(*(one.texts for one in one_by_one))
    columns = sorted(texts)
    by_amount = analysis.decides_by_amount or not all(one.is_linear for one in one_by_one)
    return Compiled(
        analysis=analysis,
        where=None if where is None else condition_of(where),
        texts=tuple((column.name, text_of(value)) for column, value in assignments if column.kind is Kind.TEXT),
        numbers=tuple(
            (column.name, amount_of(value))
            for column, value in assignments
            if column.kind is Kind.NUMBER and column.name in wanted
        ),
        deletes=isinstance(statement, Delete),
        on_aws=analysis.transforms_aws,
        looked_at=texts,
        read=itemgetter(*columns) if columns else _nothing,
        may_remember=not by_amount,
    )


def _nothing(_row: Row) -> None:
    return None
